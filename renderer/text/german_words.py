"""Tables of the German rules."""

from __future__ import annotations

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
SHORT_MONTHS = {m[:3]: m for m in MONTHS if m != "Mai"} | {"Sept": "September", "Mrz": "März"}

SYMBOLS = {
    "&": "und", "+": "plus", "=": "gleich", "@": "at", "%": "Prozent", "#": "Nummer",
    "°": "Grad", "€": "Euro", "$": "Dollar", "£": "Pfund", "×": "mal", "÷": "geteilt durch",
    "±": "plus minus", "§": "Paragraf", "_": "Unterstrich", "²": "Quadrat", "³": "Kubik",
    "½": "einhalb", "¼": "ein Viertel", "¾": "drei Viertel",
}  # fmt: skip

FRACTIONS = {
    "½": "einhalb", "⅓": "ein Drittel", "⅔": "zwei Drittel", "¼": "ein Viertel",
    "¾": "drei Viertel", "⅕": "ein Fünftel", "⅖": "zwei Fünftel", "⅛": "ein Achtel",
    "⅜": "drei Achtel", "⅝": "fünf Achtel", "⅞": "sieben Achtel",
}  # fmt: skip
DENOMINATORS = {2: "halb", 3: "Drittel", 4: "Viertel", 5: "Fünftel", 6: "Sechstel", 8: "Achtel"}

CURRENCIES = {"€": ("Euro", "Cent"), "$": ("Dollar", "Cent"), "£": ("Pfund", "Pence"),
              "Euro": ("Euro", "Cent"), "EUR": ("Euro", "Cent")}  # fmt: skip
SCALES = {"Mio.": ("Million", "Millionen"), "Mrd.": ("Milliarde", "Milliarden"),
          "Tsd.": ("tausend", "tausend")}  # fmt: skip

# Unit: for one, for several.
UNITS = {
    "km/h": ("Kilometer pro Stunde",) * 2, "m/s": ("Meter pro Sekunde",) * 2,
    "km": ("Kilometer",) * 2, "m": ("Meter",) * 2, "cm": ("Zentimeter",) * 2,
    "mm": ("Millimeter",) * 2, "kg": ("Kilogramm",) * 2, "g": ("Gramm",) * 2,
    "mg": ("Milligramm",) * 2, "t": ("Tonne", "Tonnen"), "l": ("Liter",) * 2,
    "ml": ("Milliliter",) * 2, "h": ("Stunde", "Stunden"), "Std.": ("Stunde", "Stunden"),
    "min": ("Minute", "Minuten"), "Min.": ("Minute", "Minuten"), "s": ("Sekunde", "Sekunden"),
    "Sek.": ("Sekunde", "Sekunden"), "ms": ("Millisekunde", "Millisekunden"), "Hz": ("Hertz",) * 2,
    "kHz": ("Kilohertz",) * 2, "MHz": ("Megahertz",) * 2, "GHz": ("Gigahertz",) * 2,
    "W": ("Watt",) * 2, "kW": ("Kilowatt",) * 2, "V": ("Volt",) * 2, "A": ("Ampere",) * 2,
    "J": ("Joule",) * 2, "kB": ("Kilobyte",) * 2, "MB": ("Megabyte",) * 2, "GB": ("Gigabyte",) * 2,
    "TB": ("Terabyte",) * 2, "dB": ("Dezibel",) * 2, "%": ("Prozent",) * 2, "‰": ("Promille",) * 2,
    "°": ("Grad",) * 2, "°C": ("Grad Celsius",) * 2, "°F": ("Grad Fahrenheit",) * 2,
    "° C": ("Grad Celsius",) * 2, "m²": ("Quadratmeter",) * 2, "km²": ("Quadratkilometer",) * 2,
    "m³": ("Kubikmeter",) * 2, "ha": ("Hektar",) * 2, "Ztr.": ("Zentner",) * 2,
    "Stk.": ("Stück",) * 2, "PS": ("PS",) * 2,
}  # fmt: skip
FEMININE = frozenset(["Tonne", "Stunde", "Minute", "Sekunde", "Millisekunde"])

LABELS = {
    "Nr.": "Nummer", "Nrn.": "Nummern", "Kap.": "Kapitel", "S.": "Seite", "Bd.": "Band",
    "Abb.": "Abbildung", "Abs.": "Absatz", "Art.": "Artikel", "Lv.": "Level", "Lvl.": "Level",
    "#": "Nummer", "§": "Paragraf", "Str.": "Straße",
}  # fmt: skip

SHORT = {
    "Dr.": "Doktor", "Dr": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Hrn.": "Herrn",
    "Fr.": "Frau", "Frl.": "Fräulein", "Hptm.": "Hauptmann", "Lt.": "Leutnant", "Gen.": "General",
    "Ing.": "Ingenieur", "Dipl.": "Diplom", "z. B.": "zum Beispiel", "d. h.": "das heißt",
    "u. a.": "unter anderem", "i. d. R.": "in der Regel", "o. ä.": "oder ähnlich",
    "v. a.": "vor allem", "z. T.": "zum Teil", "u. U.": "unter Umständen", "s. o.": "siehe oben",
    "s. u.": "siehe unten", "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell",
    "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive", "max.": "maximal",
    "min.": "minimal", "vgl.": "vergleiche", "sog.": "sogenannte", "bes.": "besonders",
    "Nr.": "Nummer", "Kap.": "Kapitel", "Tel.": "Telefon", "Str.": "Straße", "geb.": "geboren",
    "gest.": "gestorben", "vs.": "gegen", "dt.": "deutsch", "engl.": "englisch", "Mr.": "Mister",
    "Mrs.": "Missis", "Jh.": "Jahrhundert", "Jhd.": "Jahrhundert",
}  # fmt: skip
ENDINGS = {
    "usw.": "und so weiter", "etc.": "et cetera", "u. s. w.": "und so weiter",
    "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "jun.": "junior", "sen.": "senior",
    "Mio.": "Millionen", "Mrd.": "Milliarden",
}  # fmt: skip

# The form of an ordinal after these words.
TAKES_EN = frozenset(
    ["am", "im", "zum", "vom", "beim", "dem", "den", "des", "zur", "einem", "einen", "einer",
     "eines", "diesem", "diesen", "jedem", "jeden", "ihrem", "ihren", "seinem", "seinen", "meinem",
     "meinen", "deinem", "deinen", "unserem", "unseren", "eurem", "euren", "keinem", "keinen",
     "seiner", "ihrer", "meiner", "deiner", "unserer", "in der", "an der", "auf der", "mit der",
     "von der", "zu der", "bei der", "nach der", "seit der", "aus der", "vor der", "unter der",
     "über der", "hinter der", "neben der", "zwischen der", "während der", "wegen der", "bis zum",
     "ab dem", "ende der", "anfang der", "mitte der"]
)  # fmt: skip
TAKES_E = frozenset(
    ["der", "die", "das", "diese", "dieser", "dieses", "jede", "jeder", "jedes", "eine", "meine",
     "deine", "seine", "ihre", "unsere", "eure", "keine"]
)  # fmt: skip
TAKES_ER = frozenset(["ein", "mein", "dein", "sein", "ihr", "unser", "euer", "kein"])
NEUTER = frozenset(["Kind", "Mal", "Jahr", "Kapitel", "Haus", "Tor", "Schiff", "Leben", "Buch",
                    "Schwert", "Regiment", "Zimmer", "Pferd", "Opfer", "Level"])  # fmt: skip

BEFORE_YEAR = frozenset(
    ["jahr", "jahre", "jahres", "anno", "seit", "bis", "um", "von", "ab", "nach", "vor", "sommer",
     "winter", "frühling", "herbst", "in", "anfang", "ende", "mitte", "zu"]
)  # fmt: skip
BEFORE_INITIAL = frozenset(["herr", "frau", "dr", "doktor", "prof", "professor", "hauptmann"])
NUMBERED = frozenset(
    ["kapitel", "akt", "teil", "buch", "band", "stufe", "phase", "episode", "szene", "artikel",
     "abschnitt", "typ", "mark", "klasse", "rang", "sektor", "level", "weltkrieg", "runde", "welle",
     "turm", "tor", "deck", "legion", "einheit", "version", "modell", "ebene", "zone"]
)  # fmt: skip
NO_NAMES = frozenset(
    ["der", "die", "das", "ein", "eine", "in", "im", "am", "an", "auf", "zu", "von", "und",
     "oder", "aber", "mit", "bei", "für", "nach", "ist", "war", "wir", "ihr", "sie", "er",
     "es", "ich",
     "du"]
)  # fmt: skip
# Words before a ruler's name that ask for the dative: "von König Aldric IV." is "dem Vierten".
OBLIQUE = frozenset(["von", "mit", "unter", "bei", "zu", "nach", "seit", "aus"])
NAMES_IN_S = frozenset(["ludwigs", "hans", "thomas", "klaus", "julius", "markus", "lukas",
                        "andreas",
                        "matthias", "magnus", "nikolaus", "johannes"])  # fmt: skip
