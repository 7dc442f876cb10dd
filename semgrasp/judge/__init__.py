"""Asking a vision-language model whether a grasp does what it was asked to do."""
