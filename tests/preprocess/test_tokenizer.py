import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phytotron.errors import UserError
from phytotron.preprocess.tokenizer import Encoder, train_tokenizer

TEXTS = [
    "CREATE INDEX CONCURRENTLY builds an index without a lock.",
    "Use os.path.join to join paths; os.path.split splits them.",
    "=VLOOKUP(A1;B2) looks up a value, see VLOOKUP and HLOOKUP.",
    "pg_stat_activity shows one row per server process.",
    "Ça dépend: naïve façade, Größe, Σίσυφος, 索引.",
] * 3


def train(**changes):
    options = {"vocab_size": 200, "min_frequency": 2, "lowercase": True} | changes
    return train_tokenizer([TEXTS[:4], TEXTS[4:]], **options)


def test_special_tokens_come_first():
    tokenizer = train()
    assert tokenizer.token_to_id("[PAD]") == 0
    assert tokenizer.token_to_id("[UNK]") == 1
    assert tokenizer.encode("ჯ").ids == [1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CREATE INDEX CONCURRENTLY", ["create", "index", "concurrently"]),
        ("os.path.join", ["os", ".", "path", ".", "join"]),
        ("=VLOOKUP(A1;B2)", ["=", "vlookup", "(", "a1", ";", "b2", ")"]),
        ("pg_stat_activity", ["pg_stat_activity"]),
        ("ﬁle", ["file"]),
    ],
)
def test_words_of_prose_and_code(text, words):
    tokenizer = train()
    normal = tokenizer.normalizer.normalize_str(text)
    assert [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)] == words


def test_case_can_be_kept():
    tokenizer = train(lowercase=False)
    assert tokenizer.encode("INDEX").ids != tokenizer.encode("index").ids


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(max_size=40) | st.sampled_from(TEXTS), max_size=6))
@example(["a\x1cb!\x1f!", "\x85 \u3000", "a[PAD]b [UNK]", " \u0301x", "ΑΣ Σ", "\u00a8a"])
def test_encoder_gives_the_tokenizers_ids(texts):
    tokenizer = ENCODER_TOKENIZER
    tokens, offsets = Encoder(tokenizer)(pa.array(texts, pa.string()))
    assert tokens.dtype == np.uint16
    for number, text in enumerate(texts):
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokens[offsets[number] : offsets[number + 1]].tolist() == expected


ENCODER_TOKENIZER = train()


def test_encoder_remembers_pieces_across_calls():
    encoder = Encoder(ENCODER_TOKENIZER)
    texts = pa.array(TEXTS)
    first, _ = encoder(texts)
    second, _ = encoder(texts)
    np.testing.assert_array_equal(first, second)


def test_same_bytes_for_any_number_of_threads():
    script = (
        "import hashlib, itertools\n"
        "from phytotron.preprocess.tokenizer import train_tokenizer\n"
        "words = [''.join(letters) for letters in itertools.product('abcd', repeat=5)]\n"
        "texts = [' '.join(words[start::64]) for start in range(64)]  # nothing but ties\n"
        "made = train_tokenizer([texts], vocab_size=300, min_frequency=1, lowercase=True)\n"
        "print(hashlib.sha256(made.to_str().encode()).hexdigest())\n"
    )
    digests = set()
    for threads in ("1", "2", "8", "8"):
        environment = os.environ | {"RAYON_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "true"}
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_vocabulary_too_small_for_the_alphabet():
    with pytest.raises(UserError, match="too small for the distinct characters"):
        train(vocab_size=20)
