import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cryptography
import pytest

from ledger.__main__ import main, verify_file
from ledger.evidence import format_evidence
from ledger.matter.vectors import show_part
from tests.formats.lies import LIES
from tests.formats.story import (
    admitted_evidence,
    attested_evidence,
    handover_evidence,
    log_evidence,
    motor_evidence,
    oxide_evidence,
    policy_text,
    registry_policy,
    tell,
    without,
)

ROOT = Path(__file__).parents[2]
SITE = Path(cryptography.__file__).parents[1]
STORY = tell()
UNIT = STORY.unit


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "motor.evidence.json").write_bytes(format_evidence(motor_evidence(STORY)))
    (tmp_path / "policy.txt").write_text(policy_text())
    return tmp_path


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A folder with the ledger and with cryptography, and nothing else of what is installed here."""
    found = tmp_path_factory.mktemp("bare")
    for part in [*SITE.glob("cryptography"), *SITE.glob("_cffi_backend*")]:
        (found / part.name).symlink_to(part)
    (found / "ledger").symlink_to(ROOT / "ledger")
    return found


def run(bare, folder, *arguments, environ=None):
    """`python -S -m ledger …`: without site-packages, so that only what `bare` holds can be imported."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "ledger", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(bare), "PATH": os.defpath, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        | (environ or {}),
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_bare_python_has_nothing_else(bare, folder):
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import cryptography, ledger, fastapi"],
        cwd=folder,
        env={"PYTHONPATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "No module named 'fastapi'" in done.stderr


def test_verify(bare, folder):
    done = run(bare, folder, "verify", "motor.evidence.json", "--trust", "policy.txt")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert text.startswith(f"✓ {UNIT}  12.4 kg\n")
    assert "  2026-11-23  CN  明州电机有限公司  assembled  assemble, motor\n" in text
    assert "\nproven: 8 entries were written by the 2 organisations named" in text
    assert "\nattested: -\n" in text
    assert "\nclaimed: Origin, process" in text
    assert "! No recall or correction known as of size 8 of magnet.example/log, time 2026-11-22T00:15:30Z.\n" in text


def test_in_chinese(bare, folder):
    done = run(bare, folder, "verify", "motor.evidence.json", "--trust", "policy.txt", "--lang", "zh")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "\n已证明: 8 条记录由所列 2 家单位" in text
    assert "未知有召回或更正" in text


def test_an_old_standing_is_refused_by_the_clock_of_the_reader(folder, capsys):
    (folder / "admitted.json").write_bytes(format_evidence(admitted_evidence(STORY)))
    (folder / "registry.txt").write_text(registry_policy("#lodetrace standing-max-age-days 30"))
    for day, returned, told in (
        (datetime(2026, 12, 26, 1, 15, tzinfo=UTC), 0, "as of 2026-11-26T01:15:00.000Z, 30 days ago"),
        (datetime(2026, 12, 27, 1, 15, tzinfo=UTC), 1, "31 days ago; the policy allows 30"),
    ):
        assert verify_file(folder / "admitted.json", folder / "registry.txt", day) == returned
        assert told in capsys.readouterr().out


def test_the_command_line_reads_the_clock(bare, folder):
    (folder / "admitted.json").write_bytes(format_evidence(admitted_evidence(STORY)))
    (folder / "registry.txt").write_text(registry_policy("#lodetrace standing-max-age-days 999999"))
    done = run(bare, folder, "verify", "admitted.json", "--trust", "registry.txt")
    assert done.returncode == 0
    assert re.search(r"as of 2026-11-26T01:15:00.000Z, \d+ days ago", done.stdout.decode())


@pytest.fixture
def oxide(folder):
    (folder / "oxide.json").write_bytes(format_evidence(oxide_evidence(STORY)))
    return folder


def test_origins_element_by_element(bare, oxide):
    text = run(bare, oxide, "verify", "oxide.json", "--trust", "policy.txt").stdout.decode()
    assert text.startswith(f"✓ {STORY.oxide}\n")
    assert f"\norigin of {STORY.oxide} (claimed, 龙南稀土分离有限公司; mass balance)\n" in text
    assert "\n  Nd  CN ion_mid_y 75 % (64.44–100 %), MM import_ion 25 % (0–35.56 %)\n" in text
    assert "\n  Tb  CN ion_mid_y 100 %\n      from no other country than CN\n" in text


def test_origins_in_chinese(bare, oxide):
    text = run(bare, oxide, "verify", "oxide.json", "--trust", "policy.txt", "--lang", "zh").stdout.decode()
    assert f"\n{STORY.oxide} 的元素来源（自称，龙南稀土分离有限公司；质量平衡）\n" in text
    assert "\n  Nd  CN ion_mid_y 75 % (64.44–100 %), MM import_ion 25 % (0–35.56 %)\n" in text
    assert "\n      仅来自 CN，不含其他国家\n" in text


def test_origins_that_somebody_attested(bare, folder):
    (folder / "attested.json").write_bytes(format_evidence(attested_evidence(STORY)))
    text = run(bare, folder, "verify", "attested.json", "--trust", "policy.txt").stdout.decode()
    assert "(attested, 明州电机有限公司; identity preserved), attested by authority.example/log\n" in text
    assert "\n      recycled, post_consumer: 100 %\n" in text
    assert "\nattested: authority.example/log replayed the first 5 entries of motor.example/log" in text


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ((10**9, 10**9, 10**9), "100 %"),
        ((0, 0, 1), "0 % (0–0.01 %)"),
        ((123_456_789, 123_399_999, 999_999_999), "12.35 % (12.33–100 %)"),
        ((505_000_000, 500_000_000, 510_000_000), "50.5 % (50–51 %)"),
    ],
)
def test_bounds_are_rounded_outwards(row, told):
    assert show_part(row) == told


def test_as_json(bare, folder):
    done = run(bare, folder, "verify", "motor.evidence.json", "--trust", "policy.txt", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["ok"] is True
    assert told["subject"] == {"batch": STORY.batch, "net_mg": "12400000", "serial": "M-000002", "unit": UNIT}
    assert [step["event"] for step in told["steps"]][-1] == "assembled"
    assert told["proven"][0]["zh"].startswith("8 条记录")


def test_nobody_vouches(bare, folder):
    done = run(bare, folder, "verify", "motor.evidence.json")
    assert done.returncode == 1
    assert done.stdout.decode().startswith("✗ ")
    assert "! Self-consistent, vouched by nobody: no trust policy was given." in done.stdout.decode()
    assert json.loads(run(bare, folder, "verify", "motor.evidence.json", "--json").stdout)["ok"] is False


def test_something_is_missing(bare, folder):
    (folder / "part.json").write_bytes(format_evidence(without(motor_evidence(STORY), ("magnet.example/log", 4))))
    done = run(bare, folder, "verify", "part.json", "--trust", "policy.txt")
    assert done.returncode == 1
    assert "! Not in the file: magnet.example/log 4." in done.stdout.decode()


@pytest.mark.parametrize("step", sorted({lie.step for lie in LIES}))
def test_a_lie(bare, folder, step):
    lie = next(lie for lie in LIES if lie.step == step)
    (folder / "lie.json").write_bytes(lie.file())
    (folder / "lie.txt").write_text(lie.policy())
    done = run(bare, folder, "verify", "lie.json", "--trust", "lie.txt")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode().startswith("✗ ")
    told = json.loads(run(bare, folder, "verify", "lie.json", "--trust", "lie.txt", "--json").stdout)
    assert (told["ok"], told["code"]) == (False, lie.code)
    assert told["text"]
    assert told["zh"]


def test_a_policy_that_names_another_key(bare, folder):
    lie = next(lie for lie in LIES if lie.name == "another key under the log's name")
    (folder / "policy.txt").write_text(lie.policy())
    done = run(bare, folder, "verify", "motor.evidence.json", "--trust", "policy.txt", "--lang", "zh")
    assert done.returncode == 1
    assert done.stdout.decode().startswith("✗ 没有受信任的密钥签署过")


@pytest.mark.parametrize(
    "arguments",
    {
        "no verb": (),
        "another verb": ("prove",),
        "no file named": ("verify",),
        "no such file": ("verify", "nothing.json"),
        "a folder": ("verify", "."),
        "no such policy": ("verify", "motor.evidence.json", "--trust", "nothing.txt"),
        "a policy that is none": ("verify", "motor.evidence.json", "--trust", "motor.evidence.json"),
        "another language": ("verify", "motor.evidence.json", "--lang", "la"),
        "an option that is none": ("verify", "motor.evidence.json", "--trust-me"),
    }.items(),
    ids=lambda item: item[0],
)
def test_misuse(bare, folder, arguments):
    done = run(bare, folder, *arguments[1])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr
    assert b"Traceback" not in done.stderr


def test_a_console_without_chinese(bare, folder):
    environ = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = run(bare, folder, "verify", "motor.evidence.json", "--trust", "policy.txt", environ=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("ascii").startswith(f"? {UNIT}")


@pytest.mark.parametrize(
    ("make", "first"),
    [(log_evidence, "✓ magnet.example/log"), (handover_evidence, f"✓ {STORY.shipment}")],
    ids=["log", "handover"],
)
def test_other_subjects(folder, capsys, make, first):
    (folder / "other.json").write_bytes(format_evidence(make(STORY)))
    assert main(["verify", str(folder / "other.json"), "--trust", str(folder / "policy.txt")]) == 0
    assert capsys.readouterr().out.startswith(first + "\n")


def test_what_only_the_file_says_is_not_repeated(folder, capsys):
    """A batch may be named on the cover although no entry makes it: it is missing, and its name is all that is said."""
    evidence = replace(motor_evidence(STORY), subject={"batch": f"motor.example/log#{'0' * 26}"})
    (folder / "other.json").write_bytes(format_evidence(evidence))
    assert main(["verify", str(folder / "other.json"), "--trust", str(folder / "policy.txt")]) == 1
    out = capsys.readouterr().out
    assert f"! Not in the file: motor.example/log#{'0' * 26}." in out
    assert "12.4 kg" not in out
