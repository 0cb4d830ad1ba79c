"""Keys as people compare them."""

from ledger.keys import fingerprint


def test_a_fingerprint_is_the_beginning_of_the_hash():
    """As `sha256sum` says of 32 zero bytes."""
    assert fingerprint(bytes(32)) == "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20"
    assert fingerprint(bytes(31) + b"\x01") != fingerprint(bytes(32))
