"""Signatures of Standard Webhooks: the published example, and what is no secret."""

import pytest

from onhand.domain.signing import secret_bytes, secret_text, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_that_the_libraries_of_standard_webhooks_test_with():
    body = b'{"test": 2432232314}'
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_its_text():
    assert secret_text(secret_bytes(SECRET)) == SECRET


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", SECRET[6:], SECRET[:-1], "whsec_c2hvcnQ=", SECRET[:-1] + "!", "whsec_" + "A" * 88],
)
def test_what_is_no_secret(text):
    with pytest.raises(ValueError):
        secret_bytes(text)
