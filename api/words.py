"""The words of pages, in Chinese and English: an English sentence names a message, catalogues hold its Chinese.

Catalogues are the files pages/words/zh/*.po, one for each kind of reader (https://www.gnu.org/software/gettext/). They
are compiled as they are read, once: there is no second file that could be older. A test says which sentence of a
template or a screen lacks its Chinese. What errors, findings and verdicts say stands in the ledger, in both languages.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("zh", "en")
LOCALES = {language: Locale.parse(name) for language, name in (("zh", "zh_Hans_CN"), ("en", "en_GB"))}
"""How numbers and dates are printed. British English: the day stands before the month, as in most of the world.

Never as names: Babel looks a name up among a thousand at each number that it prints, which takes 0.25 ms."""

Say = Callable[[str], str]


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Translations:
    """All messages of a language; English ones are their own names."""
    whole = Translations()
    folder = files("api") / "pages" / "words" / language
    if not folder.is_dir():
        return whole
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        with file.open("rb") as opened:
            compiled = BytesIO()
            write_mo(compiled, read_po(opened, locale=LOCALES[language], abort_invalid=True))
        compiled.seek(0)
        whole.add(Translations(compiled))
    return whole


def words(language: str) -> Say:
    """`_` for code beside templates."""
    return catalogue(language).gettext
