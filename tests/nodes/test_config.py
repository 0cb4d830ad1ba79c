import stat

import pytest

from ledger.errors import Malformed, Unavailable
from nodes import config

GIVEN = {
    "name": "longnan.example",
    "organisation": '龙南"矿业" \\ 一厂',
    "role": "mine",
    "country": "CN",
    "port": 8501,
    "sites": [{"code": "plant-1", "country": "CN", "region": "江西"}, {"code": "plant-2", "country": "CN"}],
    "products": {"P-100 粉": "prnd_oxide"},
    "partners": {"K-17": "metal.example"},
    "authority": "authority.example",
}


@pytest.fixture
def home(tmp_path):
    config.write_initial(tmp_path, **GIVEN)
    return tmp_path


def lines_of(home, environ=None):
    """The error's lines, one a mistake, and the same in Chinese."""
    with pytest.raises(Malformed) as caught:
        config.load(home, environ or {})
    assert caught.value.code == "settings-wrong"
    _, *lines = caught.value.text().split("\n")
    _, *chinese = caught.value.text("zh").split("\n")
    assert len(lines) == len(chinese) == caught.value.value
    return [line.removeprefix("  - ") for line in lines]


def append(home, text):
    file = home / config.FILE
    head, mark, tail = file.read_text("utf-8").partition("# sites")
    file.write_text(f"{head}{text}\n{mark}{tail}", "utf-8")


def test_what_is_written_is_read_back(home):
    settings = config.load(home, {})
    assert settings.organisation == GIVEN["organisation"]
    assert settings.sites[0] == config.Site(code="plant-1", country="CN", region="江西")
    assert settings.products == {"P-100 粉": "prnd_oxide"}
    assert settings.policy == home / "policy.txt"
    assert settings.label_url == settings.url == "http://127.0.0.1:8501"
    assert (settings.site("plant-2").country, settings.site("plant-3")) == ("CN", None)


def test_a_new_file_explains_every_setting(home):
    text = (home / config.FILE).read_text("utf-8")
    for name in config.NAMES:
        assert config.says(name).en in text
        assert config.says(name).zh in text
        assert f"{name} = " in text or name in config.TABLES


def test_the_files_are_the_owners_alone(home):
    for name in (config.FILE, config.POLICY):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_the_environment_wins(home):
    environ = {
        "LODETRACE_PORT": "8600",
        "LODETRACE_SITES": '[{"code":"x","country":"DE"}]',
        "LODETRACE_LABEL_URL": "https://q.longnan.example/qr",
        "LODETRACE_PASSPHRASE": "no setting",
        "LODETRACE_HOME": "/elsewhere",
        "LODETRACE_ROLE": "",
        "PATH": "/bin",
    }
    settings = config.load(home, environ)
    assert (settings.port, settings.role, settings.home) == (8600, "mine", home.resolve())
    assert [site.code for site in settings.sites] == ["x"]
    assert settings.label_url == "https://q.longnan.example/qr"


def test_settings_do_not_change(home):
    settings = config.load(home, {})
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_every_wrong_setting_is_named_at_once(home):
    append(home, 'body_max = "many"\nlabel_url = "q.example/"\nprot = 8600\nzzz = 1')
    lines = lines_of(home, {"LODETRACE_PORT": "99999", "LODETRACE_ROL": "mine"})
    assert lines == [
        'port = "99999" (LODETRACE_PORT). Wanted: the port to listen on, from 1 to 65535',
        'label_url = "q.example/" (config.toml). Wanted: ' + config.says("label_url").en,
        'body_max = "many" (config.toml). Wanted: the largest request, from 65536 to 1073741824 bytes',
        "prot = 8600: there is no such setting; did you mean port?",
        "zzz = 1: there is no such setting; remove it",
        'LODETRACE_ROL = "mine": there is no such setting; did you mean LODETRACE_ROLE?',
    ]


WRONG = {
    "a name in capitals": ("NAME", "Longnan.example"),
    "a name with a part behind a slash is too long": ("NAME", "a" * 99 + ".example"),
    "an unknown role": ("ROLE", "miner"),
    "a line end in a name": ("ORGANISATION", "a\nb"),
    "a country in words": ("COUNTRY", "China"),
    "no address": ("HOST", "not a host"),
    "port 0": ("PORT", "0"),
    "port in hex": ("PORT", "0x50"),
    "a label address with a query": ("LABEL_URL", "https://q.example?x=1"),
    "a label address with a slash": ("LABEL_URL", "https://q.example/"),
    "a label address with a password": ("LABEL_URL", "https://a:b@q.example"),
    "a label address with a bad port": ("LABEL_URL", "https://q.example:x"),
    "a label address beyond ASCII": ("LABEL_URL", "https://龙南.example"),
    "a label address of another scheme": ("LABEL_URL", "ftp://q.example"),
    "a policy that is not there": ("POLICY", "nowhere.txt"),
    "reference data that is not there": ("REFERENCE", "/nowhere.json"),
    "authorities without a certificate": ("CA_FILE", "policy.txt"),
    "an authority with a scheme": ("AUTHORITY", "https://authority.example"),
    "an authority that is itself": ("AUTHORITY", "longnan.example"),
    "sites that are no JSON": ("SITES", "plant-1"),
    "sites that are no list": ("SITES", '{"code":"a"}'),
    "two sites of one code": ("SITES", '[{"code":"a","country":"CN"},{"code":"a","country":"DE"}]'),
    "a site with a code in capitals": ("SITES", '[{"code":"A","country":"CN"}]'),
    "a site with something more": ("SITES", '[{"code":"a","country":"CN","x":1}]'),
    "a partner who is no node": ("PARTNERS", '{"K-1":"Metal GmbH"}'),
    "a product of no code": ("PRODUCTS", '{"P-1":""}'),
    "a body of nothing": ("BODY_MAX", "1"),
    "a negative pause": ("RETRY_MAX_S", "-1"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_each_wrong_value_is_named_with_its_way_out(home, name, value):
    [line] = lines_of(home, {f"LODETRACE_{name}": value})
    assert line.startswith(name.lower())
    assert f"(LODETRACE_{name})" in line
    assert config.says(name.lower()).en in line


def test_what_is_wrong_in_a_table_is_pointed_at(home):
    file = home / config.FILE
    file.write_text(file.read_text("utf-8").replace('code = "plant-2"\n', ""), "utf-8")
    [line] = lines_of(home)
    assert line.startswith("sites[1].code is missing (config.toml)")


def test_an_empty_file_tells_what_a_node_needs(home):
    (home / config.FILE).write_text("", "utf-8")
    assert [line.split()[0] for line in lines_of(home)] == ["name", "organisation", "role"]


def test_a_setting_named_home_is_refused(home):
    append(home, 'home = "/tmp"')
    assert lines_of(home) == ['home = "/tmp": there is no such setting; remove it']


def test_no_node_and_no_toml_are_told_apart(home, tmp_path_factory):
    with pytest.raises(Unavailable, match="no node here") as caught:
        config.load(tmp_path_factory.mktemp("empty"), {})
    assert caught.value.code == "settings-missing"
    (home / config.FILE).write_bytes(b"port = \xff")
    with pytest.raises(Malformed) as caught:
        config.load(home, {})
    assert caught.value.code == "settings-unreadable"


def test_a_wrong_policy_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(Malformed, match="Line 1"):
        config.write_initial(tmp_path, name="a.example", organisation="A", role="mine", policy="log x\nquorum none\n")
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_refused_at_the_start_too(tmp_path):
    with pytest.raises(Malformed) as caught:
        config.write_initial(tmp_path, name="A", organisation="", role="x")
    assert caught.value.value == 3


def test_the_passphrase_is_read_from_the_environment_only():
    assert config.passphrase({"LODETRACE_PASSPHRASE": "磁迹"}) == "磁迹".encode()
    assert config.passphrase({"LODETRACE_PASSPHRASE": ""}) is None
    assert config.passphrase({}) is None


def test_the_environment_handed_out_is_the_process_own(monkeypatch):
    monkeypatch.setenv("LODETRACE_PORT", "8700")
    assert config.environment()["LODETRACE_PORT"] == "8700"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8501"),
        ("::", "http://[::1]:8501"),
        ("::1", "http://[::1]:8501"),
        ("node-1.longnan.example", "http://node-1.longnan.example:8501"),
    ],
)
def test_the_url_of_any_address(home, host, url):
    assert config.load(home, {"LODETRACE_HOST": host}).url == url
