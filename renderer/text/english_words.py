"""Tables of the English rules."""

from __future__ import annotations

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SHORT_MONTHS = {m[:3]: m for m in MONTHS if m != "May"} | {"Sept": "September"}

SYMBOLS = {
    "&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "#": "hash", "°": "degrees",
    "€": "euros", "$": "dollars", "£": "pounds", "¥": "yen", "×": "times", "÷": "divided by",
    "±": "plus or minus", "§": "section", "_": "underscore", "²": "squared", "³": "cubed",
    "½": "one half", "¼": "one quarter", "¾": "three quarters",
}  # fmt: skip

FRACTIONS = {
    "½": "one half", "⅓": "one third", "⅔": "two thirds", "¼": "one quarter",
    "¾": "three quarters", "⅕": "one fifth", "⅖": "two fifths", "⅗": "three fifths",
    "⅘": "four fifths", "⅙": "one sixth", "⅛": "one eighth", "⅜": "three eighths",
    "⅝": "five eighths", "⅞": "seven eighths",
}  # fmt: skip
DENOMINATORS = frozenset([2, 3, 4, 5, 6, 8, 16])

CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"),
              "¥": ("yen", "")}  # fmt: skip
PLURAL_COINS = {"cent": "cents", "penny": "pence"}
SCALES = {"k": "thousand", "K": "thousand", "M": "million", "B": "billion", "bn": "billion"}

UNITS = {
    "km/h": "kilometer per hour", "kph": "kilometer per hour", "mph": "mile per hour",
    "m/s": "meter per second", "m/s²": "meter per second squared", "km": "kilometer",
    "m": "meter", "cm": "centimeter", "mm": "millimeter", "nm": "nanometer", "mi": "mile",
    "ft": "foot", "ft.": "foot", "yd": "yard", "in.": "inch", "kg": "kilogram", "g": "gram",
    "mg": "milligram", "lb": "pound", "lbs": "pound", "lb.": "pound", "lbs.": "pound",
    "oz": "ounce", "oz.": "ounce", "t": "ton", "l": "liter", "L": "liter", "ml": "milliliter",
    "mL": "milliliter", "gal": "gallon", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute",
    "mins": "minute", "s": "second", "sec": "second", "secs": "second", "ms": "millisecond",
    "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "W": "watt",
    "kW": "kilowatt", "MW": "megawatt", "V": "volt", "kV": "kilovolt", "A": "ampere", "J": "joule",
    "kJ": "kilojoule", "N": "newton", "Pa": "pascal", "kB": "kilobyte", "KB": "kilobyte",
    "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "dB": "decibel",
    "fps": "frame per second",
    "%": "percent", "‰": "per mille", "°": "degree", "°C": "degree Celsius",
    "°F": "degree Fahrenheit", "° C": "degree Celsius", "° F": "degree Fahrenheit", "K": "kelvin",
    "m²": "meter squared", "km²": "kilometer squared", "m³": "meter cubed", "ha": "hectare",
}  # fmt: skip
NO_PLURAL = frozenset(["percent", "hertz", "kilohertz", "megahertz", "gigahertz", "per mille"])

LABELS = {
    "Lv": "level", "Lvl": "level", "lv": "level", "lvl": "level", "Ch": "chapter", "ch": "chapter",
    "Vol": "volume", "vol": "volume", "Fig": "figure", "fig": "figure", "p": "page",
    "pp": "pages", "Sec": "section", "Ep": "episode", "Pt": "part", "Nr": "number",
}  # fmt: skip

TITLES = {
    "Mr.": "mister", "Mr": "mister", "Mrs.": "missus", "Mrs": "missus", "Ms.": "Ms",
    "Prof.": "professor", "Capt.": "captain", "Cpt.": "captain", "Sgt.": "sergeant",
    "Lt.": "lieutenant", "Lt. Col.": "lieutenant colonel", "Col.": "colonel", "Gen.": "general",
    "Maj.": "major", "Cpl.": "corporal", "Pvt.": "private", "Adm.": "admiral",
    "Cmdr.": "commander", "Cdr.": "commander", "Rev.": "reverend", "Hon.": "honorable",
    "Gov.": "governor", "Sen.": "senator", "Rep.": "representative", "Pres.": "president",
    "Mt.": "mount", "Ft.": "fort", "vs.": "versus", "vs": "versus", "e.g.": "for example",
    "i.e.": "that is", "approx.": "approximately", "ca.": "circa", "cf.": "compare",
    "w/o": "without", "b/c": "because", "c/o": "care of", "Bros.": "brothers",
    "a.k.a.": "A K A", "aka": "A K A",
}  # fmt: skip
ENDINGS = {
    "etc.": "et cetera", "Jr.": "junior", "Jr": "junior", "Sr.": "senior", "Inc.": "incorporated",
    "Ltd.": "limited", "Co.": "company", "Corp.": "corporation", "Esq.": "esquire",
    "Ave.": "avenue", "Blvd.": "boulevard", "Rd.": "road", "Sq.": "square", "dept.": "department",
    "Dept.": "department", "est.": "established", "min.": "minimum", "max.": "maximum",
    "Ph.D.": "P H D", "et al.": "et al", "misc.": "miscellaneous",
}  # fmt: skip

BEFORE_YEAR = frozenset(
    ["in", "since", "by", "until", "till", "before", "after", "from", "year", "of", "circa",
     "around", "summer", "winter", "spring", "autumn", "fall", "during", "anno", "back",
     "to", "late",
     "early"]
)  # fmt: skip
AFTER_YEAR = frozenset(
    ["and", "when", "the", "to", "was", "that", "with", "for", "or", "but", "it", "he", "she", "we",
     "they", "after", "before", "as", "there", "until", "is", "were", "my", "our", "his", "her",
     "your", "a", "an", "on", "at", "by", "in", "if", "you", "then", "not", "onward", "onwards"]
)  # fmt: skip
BEFORE_INITIAL = frozenset(["mister", "mr", "mrs", "ms", "dr", "doctor", "captain", "professor"])

AFTER_PRONOUN = frozenset(
    ["am", "was", "have", "had", "will", "would", "can", "could", "do", "did", "must", "shall",
     "should", "may", "might", "swear", "serve", "know", "think", "never", "want", "need", "say"]
)  # fmt: skip
NUMBERED = frozenset(
    ["chapter", "act", "part", "book", "volume", "level", "war", "phase", "episode", "scene",
     "article", "section", "type", "mark", "class", "grade", "rank", "tier", "stage", "sector",
     "fantasy", "quest", "mk", "model", "deck", "unit", "gate", "tower", "legion", "series", "page",
     "version", "division", "district", "cohort", "floor", "trial", "step", "wave", "round"]
)  # fmt: skip
RULERS = ("King", "Queen", "Emperor", "Empress", "Pope", "Tsar", "Prince", "Princess", "Lord",
          "Duke", "Sultan", "Kaiser", "Pharaoh", "Saint", "Baron", "Count", "Lady")  # fmt: skip
NO_NAMES = frozenset(
    ["the", "a", "an", "in", "at", "on", "to", "of", "and", "or", "but", "by", "for", "from",
     "with", "this", "that", "is", "was", "we", "you", "he", "she", "it", "they", "i", "see",
     "no", "yes",
     "near", "say", "take", "go", "old", "our", "your", "my", "his", "her", "their", "through"]
)  # fmt: skip
