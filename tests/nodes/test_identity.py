import stat
from hashlib import sha256

import pytest

from ledger.errors import Malformed, Unavailable
from ledger.log.canonical import format_json, unb64
from ledger.log.notes import COSIGNATURE, open_note, sign_note
from nodes import identity

NAME = "longnan.example"


@pytest.fixture
def home(tmp_path):
    identity.create(tmp_path, NAME)
    return tmp_path


def test_the_keys_made_are_the_keys_loaded(tmp_path):
    made = identity.create(tmp_path, NAME)
    loaded = identity.load(tmp_path, NAME)
    assert loaded.published() == made.published()
    assert made.origin == "longnan.example/log"
    note = sign_note("hello\n", [loaded.author])
    assert open_note(note, [made.author.verifier]).text == "hello\n"


def test_names_and_types_are_those_of_the_formats(home):
    keys = identity.load(home, NAME)
    signers = (keys.log, keys.author, keys.witness, keys.peer)
    assert [signer.verifier.name for signer in signers] == [
        f"{NAME}/{use}" for use in ("log", "author", "witness", "peer")
    ]
    assert [signer.verifier.algorithm for signer in signers] == [1, 1, COSIGNATURE, 1]


def test_what_is_published(home):
    keys = identity.load(home, NAME)
    published = keys.published()
    assert [(row["use"], row["alg"]) for row in published] == list(identity.USES.items())
    assert len({row["key"] for row in published} | {row["next_commit"] for row in published}) == 10
    assert unb64(published[1]["key"], size=32) == keys.author.verifier.public
    format_json(published)  # within the profile that entry 0 is committed in


def test_the_next_key_is_the_one_committed_to(home, tmp_path_factory):
    commitment = unb64(identity.load(home, NAME).published()[1]["next_commit"], size=32)
    later = tmp_path_factory.mktemp("later")
    (later / "keys").symlink_to(home / "keys" / "next")
    (home / "keys" / "next" / "next").symlink_to(home / "keys" / "next")
    assert sha256(identity.load(later, NAME).author.verifier.public).digest() == commitment


def test_files_and_folders_are_the_owners_alone(home):
    found = {path.relative_to(home).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")}
    assert found == {
        "keys": 0o700,
        "keys/next": 0o700,
        "keys/next/commitments": 0o600,
        **{f"keys/{use}.pem": 0o600 for use in identity.USES},
        **{f"keys/next/{use}.pem": 0o600 for use in identity.USES},
    }


@pytest.mark.parametrize("use", identity.USES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
def test_a_key_open_to_others_is_refused(home, use, mode):
    (home / "keys" / f"{use}.pem").chmod(mode)
    with pytest.raises(Unavailable, match="chmod 600") as caught:
        identity.load(home, NAME)
    assert caught.value.code == "file-exposed"


@pytest.mark.parametrize("use", identity.USES)
def test_a_missing_or_broken_key_is_named(home, use):
    file = home / "keys" / f"{use}.pem"
    file.write_bytes(b"not a key")
    with pytest.raises(Malformed) as caught:
        identity.load(home, NAME)
    assert (caught.value.code, caught.value.field) == ("key-file-wrong", str(file))
    file.unlink()
    with pytest.raises(Unavailable) as caught:
        identity.load(home, NAME)
    assert (caught.value.code, caught.value.field) == ("file-unreadable", str(file))


def test_a_key_of_another_kind_is_refused(home):
    keys = home / "keys"
    (keys / "seal.pem").rename(keys / "x")
    (keys / "peer.pem").rename(keys / "seal.pem")
    (keys / "x").rename(keys / "peer.pem")
    with pytest.raises(Malformed, match="not an Ed25519 key"):
        identity.load(home, NAME)
    (keys / "peer.pem").write_bytes((keys / "seal.pem").read_bytes())
    with pytest.raises(Malformed, match="not an X25519 key"):
        identity.load(home, NAME)


def test_a_passphrase_is_needed_when_there_is_one_and_refused_when_there_is_none(tmp_path):
    identity.create(tmp_path, NAME, b"open sesame")
    assert b"ENCRYPTED" in (tmp_path / "keys" / "seal.pem").read_bytes()
    assert identity.load(tmp_path, NAME, b"open sesame").name == NAME
    for wrong in (None, b"close sesame"):
        with pytest.raises(Malformed, match="LODETRACE_PASSPHRASE"):
            identity.load(tmp_path, NAME, wrong)


def test_a_passphrase_for_bare_keys_is_refused(home):
    with pytest.raises(Malformed, match="LODETRACE_PASSPHRASE"):
        identity.load(home, NAME, b"open sesame")


def test_existing_keys_are_never_written_over(home):
    before = (home / "keys" / "log.pem").read_bytes()
    with pytest.raises(FileExistsError):
        identity.create(home, NAME)
    assert (home / "keys" / "log.pem").read_bytes() == before


def test_commitments_that_were_cut_off_are_refused(home):
    file = home / "keys" / "next" / "commitments"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:4]))
    with pytest.raises(Malformed):
        identity.load(home, NAME)


def test_nothing_secret_is_printed(home):
    shown = repr(identity.load(home, NAME))
    assert NAME in shown
    assert "PRIVATE" not in shown
    assert "object at" not in shown


# -- the second witness key -------------------------------------------------------------------------------------------


def test_a_second_witness_key_is_made_and_published_where_it_is_wanted(tmp_path):
    made = identity.create(tmp_path, NAME, mldsa=True)
    loaded = identity.load(tmp_path, NAME, mldsa=True)
    assert [one.verifier for one in loaded.cosigners] == [one.verifier for one in made.cosigners]
    assert [(one.verifier.name, one.verifier.algorithm) for one in made.cosigners] == [
        (f"{NAME}/witness", 4),
        (f"{NAME}/witness", 6),
    ]
    *_, last = made.published()
    assert (last["use"], last["alg"]) == ("witness", "ml-dsa-44")
    assert unb64(last["key"]) == made.cosigners[1].verifier.public
    assert (tmp_path / "keys" / f"{identity.MLDSA}.pem").stat().st_mode & 0o777 == 0o600
    assert len(identity.load(tmp_path, NAME).cosigners) == 1, "switched off again, the file may stay"


def test_a_second_witness_key_that_is_wanted_must_be_there(home):
    with pytest.raises((Malformed, Unavailable)):
        identity.load(home, NAME, mldsa=True)
    (home / "keys" / f"{identity.MLDSA}.pem").write_bytes((home / "keys" / "witness.pem").read_bytes())
    (home / "keys" / f"{identity.MLDSA}.pem").chmod(0o600)
    with pytest.raises(Malformed, match="ml-dsa-44"):
        identity.load(home, NAME, mldsa=True)


@pytest.mark.parametrize("mldsa", [False, True])
def test_witness_keys_are_renewed_and_no_others(tmp_path, mldsa):
    before = identity.create(tmp_path, NAME, b"secret", mldsa=mldsa)
    renewed = identity.renew_witness(tmp_path, NAME, b"secret", mldsa=mldsa)
    after = identity.load(tmp_path, NAME, b"secret", mldsa=mldsa)
    assert [one.verifier for one in after.cosigners] == list(renewed)
    assert len(renewed) == len(before.cosigners)
    assert not {one.verifier.public for one in before.cosigners} & {key.public for key in renewed}
    for use in ("log", "author", "peer"):
        assert getattr(after, use).verifier == getattr(before, use).verifier
    assert after.next_commits == before.next_commits
