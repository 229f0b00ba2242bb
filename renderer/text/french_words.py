"""Tables of the French rules."""

from __future__ import annotations

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
SHORT_MONTHS = {
    "janv": "janvier", "févr": "février", "avr": "avril", "juil": "juillet", "sept": "septembre",
    "oct": "octobre", "nov": "novembre", "déc": "décembre",
}  # fmt: skip

SYMBOLS = {
    "&": "et", "+": "plus", "=": "égale", "@": "arobase", "%": "pour cent", "#": "dièse",
    "°": "degrés", "€": "euros", "$": "dollars", "£": "livres", "×": "fois", "÷": "divisé par",
    "±": "plus ou moins", "§": "paragraphe", "_": "tiret bas", "²": "carré", "³": "cube",
    "½": "un demi", "¼": "un quart", "¾": "trois quarts",
}  # fmt: skip

FRACTIONS = {
    "½": "un demi", "⅓": "un tiers", "⅔": "deux tiers", "¼": "un quart", "¾": "trois quarts",
    "⅕": "un cinquième", "⅖": "deux cinquièmes", "⅛": "un huitième", "⅜": "trois huitièmes",
    "⅝": "cinq huitièmes", "⅞": "sept huitièmes",
}  # fmt: skip
DENOMINATORS = {2: "demi", 3: "tiers", 4: "quart", 5: "cinquième", 6: "sixième", 8: "huitième"}

CURRENCIES = {
    "€": ("euro", "centime"), "$": ("dollar", "cent"), "£": ("livre", "penny"),
    "euro": ("euro", "centime"), "euros": ("euro", "centime"), "EUR": ("euro", "centime"),
}  # fmt: skip
SCALES = {"M": "millions", "Md": "milliards"}

UNITS = {
    "km/h": "kilomètre par heure", "m/s": "mètre par seconde", "km": "kilomètre", "m": "mètre",
    "cm": "centimètre", "mm": "millimètre", "kg": "kilogramme", "g": "gramme", "mg": "milligramme",
    "t": "tonne", "l": "litre", "L": "litre", "ml": "millilitre", "mL": "millilitre", "h": "heure",
    "min": "minute", "mn": "minute", "s": "seconde", "ms": "milliseconde", "Hz": "hertz",
    "kHz": "kilohertz", "MHz": "mégahertz", "GHz": "gigahertz", "W": "watt", "kW": "kilowatt",
    "V": "volt", "A": "ampère", "J": "joule", "ko": "kilooctet", "Mo": "mégaoctet",
    "Go": "gigaoctet", "To": "téraoctet", "dB": "décibel", "%": "pour cent", "‰": "pour mille",
    "°": "degré", "°C": "degré Celsius", "° C": "degré Celsius", "°F": "degré Fahrenheit",
    "m²": "mètre carré", "km²": "kilomètre carré", "m³": "mètre cube", "ha": "hectare",
    "ch": "cheval",
}  # fmt: skip
NO_PLURAL = frozenset(["pour cent", "pour mille", "hertz", "kilohertz", "mégahertz", "gigahertz"])
FEMININE = ("heure", "minute", "seconde", "milliseconde", "tonne", "livre", "fois", "pièce",
            "personne", "flèche", "épée", "journée", "semaine", "année", "lieue", "âme",
            "vie", "arme", "femme", "fille", "nuit", "page", "ligne", "caisse")  # fmt: skip

LABELS = {
    "n°": "numéro", "N°": "numéro", "nº": "numéro", "Nº": "numéro", "no": "numéro",
    "No.": "numéro", "no.": "numéro", "#": "numéro", "chap.": "chapitre", "Chap.": "chapitre",
    "p.": "page", "pp.": "pages", "vol.": "volume", "Vol.": "volume", "fig.": "figure",
    "art.": "article", "niv.": "niveau", "Niv.": "niveau", "§": "paragraphe",
}  # fmt: skip

SHORT = {
    "Mme": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle", "Mlles": "mesdemoiselles",
    "Mgr": "monseigneur", "Me": "maître", "Dr.": "docteur", "Dre": "docteure", "Pr": "professeur",
    "Pr.": "professeur", "Prof.": "professeur", "Cap.": "capitaine", "Cne": "capitaine",
    "Lt": "lieutenant", "Sgt": "sergent", "Gal": "général", "Cdt": "commandant",
    "p. ex.": "par exemple", "c.-à-d.": "c'est à dire", "càd": "c'est à dire", "env.": "environ",
    "cf.": "confer", "vs": "contre", "av. J.-C.": "avant Jésus Christ",
    "apr. J.-C.": "après Jésus Christ", "ap. J.-C.": "après Jésus Christ", "J.-C.": "Jésus Christ",
    "av.": "avenue", "bd": "boulevard", "Bd": "boulevard", "tél.": "téléphone", "max.": "maximum",
    "min.": "minimum", "qqn": "quelqu'un", "qqch.": "quelque chose", "svp": "s'il vous plaît",
    "SVP": "s'il vous plaît", "s.v.p.": "s'il vous plaît", "stp": "s'il te plaît",
    "RDV": "rendez-vous", "rdv": "rendez-vous",
}  # fmt: skip
ENDINGS = {"etc.": "et cetera", "etc…": "et cetera", "Cie": "compagnie"}

BEFORE_INITIAL = frozenset(["monsieur", "madame", "m", "mme", "dr", "docteur", "capitaine"])
NUMBERED = frozenset(
    ["chapitre", "acte", "partie", "livre", "volume", "tome", "niveau", "phase", "épisode", "scène",
     "article", "section", "type", "mark", "classe", "grade", "rang", "secteur", "étage", "tour",
     "unité", "modèle", "version", "porte", "pont", "légion", "zone", "vague", "guerre"]
)  # fmt: skip
NO_NAMES = frozenset(
    ["le", "la", "les", "un", "une", "des", "de", "du", "à", "au", "aux", "en", "dans", "et", "ou",
     "mais", "avec", "chez", "pour", "par", "sur", "est", "c'est", "il", "elle", "on", "nous",
     "vous", "ils", "elles", "je", "tu", "ce", "cette", "ces"]
)  # fmt: skip
