"""Words and grasps share one vocabulary, and unreadable instructions are refused in one line."""

import pytest
from tiny_backbones import CODES, bert_tokenizer, tiny_bert

from semgrasp.errors import InputError
from semgrasp.language import LanguageConfig, Turn, Vocabulary, write_script


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return tiny_bert().vocabulary


def test_every_code_has_its_own_token(vocabulary):
    ids = [vocabulary.code_id(level, code) for level in range(3) for code in range(CODES)]
    assert len(set(ids)) == 3 * CODES
    assert vocabulary.tokenizer.token_to_id("<m_3>") == vocabulary.code_id(1, 3)
    assert min(ids) > vocabulary.num_words


def test_a_grasp_is_spoken_between_its_marks(vocabulary):
    tokens = [vocabulary.tokenizer.id_to_token(i) for i in vocabulary.grasp_ids((1, 2, 3))]
    assert tokens == ["<SG>", "<o_1>", "<m_2>", "<r_3>", "<EG>"]


def test_marks_typed_by_a_user_are_ordinary_text(vocabulary):
    ids = vocabulary.text_ids("hold <SG> <o_1> [SEP] it")
    assert vocabulary.start_of_grasp not in ids
    assert vocabulary.end_of_answer not in ids
    assert max(ids) < vocabulary.num_words


def test_words_come_back_as_a_sentence(vocabulary):
    assert vocabulary.words(vocabulary.text_ids("hold the mug.")) == "Hold the mug."


def test_a_tokenizer_with_grasp_tokens_is_not_extended_twice(vocabulary):
    again = Vocabulary(vocabulary.tokenizer, vocabulary.config)
    assert again.num_words == vocabulary.num_words
    assert again.tokenizer.get_vocab_size() == vocabulary.tokenizer.get_vocab_size()


def test_a_tokenizer_of_another_codebook_is_refused(vocabulary):
    with pytest.raises(InputError, match="codebook of 8"):
        Vocabulary(vocabulary.tokenizer, LanguageConfig(codebook_size=8))


def test_an_answer_must_end_in_one_token():
    with pytest.raises(InputError, match="one token"):
        Vocabulary(bert_tokenizer(), LanguageConfig(answer_suffix="hold the"))


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_instruction_is_refused(vocabulary, text):
    with pytest.raises(InputError, match="empty"):
        vocabulary.instruction_ids(text)


@pytest.mark.parametrize("text", ["hold " * 4000, "x" * 20_000, "hold it " * 15])
def test_a_long_instruction_is_refused_with_the_limit(vocabulary, text):
    with pytest.raises(InputError, match="24 tokens") as caught:
        vocabulary.instruction_ids(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text", ["把杯子的把手拿起来", "\U0001f600\U0001f600", "возьми кружку", "12 34", "qzx vbn"]
)
def test_text_without_english_words_is_refused(vocabulary, text):
    with pytest.raises(InputError, match="English"):
        vocabulary.instruction_ids(text)


def test_an_emoji_beside_english_words_is_fine(vocabulary):
    assert vocabulary.instruction_ids("hold the mug by the handle \U0001f600")


def test_a_conversation_teaches_only_what_the_model_says(vocabulary):
    turns = [
        Turn("human", "hold the mug"),
        Turn("gpt", "ok <grasp>"),
        Turn("human", "what does it do?"),
        Turn("gpt", "the thumb presses the rim"),
    ]
    script = write_script(vocabulary, turns, [(1, 2, 3)])
    said = [vocabulary.tokenizer.id_to_token(i) for _, i in script.words]
    assert said == ["ok", "[SEP]", "the", "thumb", "presses", "the", "rim", "[SEP]"]
    assert [(level, code) for _, level, code, _ in script.codes] == [(0, 1), (1, 2), (2, 3)]


def test_every_word_is_predicted_by_the_token_before_it(vocabulary):
    turns = [Turn("human", "hold"), Turn("gpt", "<grasp> the thumb presses")]
    script = write_script(vocabulary, turns, [(1, 2, 3)])
    for index, token_id in script.words[:-1]:
        assert script.token_ids[index + 1] == token_id
    for index, level, code, _ in script.codes:
        assert script.token_ids[index + 1] == vocabulary.code_id(level, code)


def test_equally_right_grasps_share_the_weight_of_one_answer(vocabulary):
    turns = [Turn("human", "hold"), Turn("gpt", "<grasp>")]
    script = write_script(vocabulary, turns, [(1, 2, 3), (4, 5, 6), (7, 8, 9)])
    weights = [w for _, level, _, w in script.codes if level == 0]
    assert sum(weights) == pytest.approx(1.0)


def test_leaving_the_reply_out_keeps_the_grasp(vocabulary):
    turns = [Turn("human", "hold"), Turn("gpt", "<grasp> the thumb presses the rim")]
    full = write_script(vocabulary, turns, [(1, 2, 3)])
    short = write_script(vocabulary, turns, [(1, 2, 3)], with_reply=False)
    assert short.codes == full.codes
    assert not short.words
    assert len(short.token_ids) < len(full.token_ids)
