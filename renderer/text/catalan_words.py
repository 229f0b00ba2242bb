"""Tables of the Catalan rules."""

from __future__ import annotations

MONTHS = (
    "gener", "febrer", "març", "abril", "maig", "juny",
    "juliol", "agost", "setembre", "octubre", "novembre", "desembre",
)  # fmt: skip

SYMBOLS = {
    "&": "i", "+": "més", "=": "igual a", "@": "arrova", "%": "per cent", "#": "coixinet",
    "°": "graus", "€": "euros", "$": "dòlars", "£": "lliures", "×": "per", "÷": "dividit per",
    "±": "més menys", "§": "paràgraf", "_": "guió baix", "½": "mig", "¼": "un quart",
    "¾": "tres quarts",
}  # fmt: skip

# One, its hundredth, and whether it is feminine.
CURRENCIES = {
    "€": ("euro", "cèntim", False),
    "$": ("dòlar", "centau", False),
    "£": ("lliura", "penic", True),
}

UNITS = {
    "km/h": "quilòmetre per hora", "m/s": "metre per segon", "km": "quilòmetre", "m": "metre",
    "cm": "centímetre", "mm": "mil·límetre", "kg": "quilogram", "g": "gram", "mg": "mil·ligram",
    "t": "tona", "l": "litre", "L": "litre", "ml": "mil·lilitre", "h": "hora", "min": "minut",
    "s": "segon", "W": "watt", "kW": "quilowatt", "V": "volt", "dB": "decibel", "%": "per cent",
    "‰": "per mil", "°": "grau", "°C": "grau Celsius", "°F": "grau Fahrenheit",
}  # fmt: skip
NO_PLURAL = frozenset(["per"])
FEMININE_UNITS = frozenset(["tona", "hora"])
FEMININE = (
    "hora", "hores", "milla", "milles", "llegua", "llegües", "lliura", "lliures", "tona", "tones",
    "vegada", "vegades", "setmana", "setmanes", "nit", "nits", "persona", "persones", "dona",
    "dones", "noia", "noies", "filla", "filles", "germana", "germanes", "casa", "cases", "porta",
    "portes", "espasa", "espases", "fletxa", "fletxes", "moneda", "monedes", "peça", "peces",
    "pàgina", "pàgines", "xemeneia", "xemeneies", "espurna", "espurnes", "brasa", "brases",
    "torxa", "torxes", "ànima", "ànimes", "vida", "vides", "arma", "armes", "jornada", "jornades",
    "passa", "passes", "unça", "unces", "caixa", "caixes", "botella", "botelles", "ampolla",
    "ampolles", "clau", "claus", "nau", "naus", "torre", "torres", "flor", "flors",
)  # fmt: skip

SHORT = {
    "núm.": "número", "Núm.": "número", "n.": "número", "Dr.": "doctor", "Dra.": "doctora",
    "Sr.": "senyor", "Sra.": "senyora", "Srta.": "senyoreta", "Sres.": "senyors",
    "Prof.": "professor", "Cap.": "capítol", "cap.": "capítol", "pàg.": "pàgina",
    "vol.": "volum", "p. ex.": "per exemple", "aC": "abans de Crist", "a. C.": "abans de Crist",
    "dC": "després de Crist", "d. C.": "després de Crist", "aprox.": "aproximadament",
    "av.": "avinguda", "tel.": "telèfon", "màx.": "màxim", "mín.": "mínim",
}  # fmt: skip
ENDINGS = {"etc.": "etcètera"}

NUMBERED = frozenset(
    ["capítol", "acte", "part", "llibre", "volum", "tom", "nivell", "fase", "episodi", "escena",
     "article", "secció", "segle", "planta", "sector", "zona", "legió", "guerra"]
)  # fmt: skip
NO_NAMES = frozenset(
    ["el", "la", "els", "les", "l", "un", "una", "de", "del", "dels", "a", "al", "als", "en", "na",
     "i", "o", "però", "amb", "per", "que", "és", "jo", "tu", "ell", "ella"]
)  # fmt: skip
# What follows a number and is not counted by it.
NO_NOUNS = frozenset(
    ["a", "i", "o", "de", "del", "dels", "amb", "en", "per", "és", "era", "no", "ja", "com", "que",
     "quan", "si", "al", "als", "ni", "però", "sense", "va", "es", "encara", "ara", "després"]
)  # fmt: skip
