"""Training stage 1: the object encoder and the grasp tokenizer."""
