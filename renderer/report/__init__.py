"""Dataclasses to HTML pages.

- `tally`: counts for the overview, and which lines come first
- `record`: readings as plain values the page's script understands
- `picture`: waveform peaks, spectrogram, F0; `png`: a palette PNG with zlib alone
- `gallery`: pictures kept from one report to the next
- `pages`: `write_report`, the whole folder, `index.html` last
- `page/`: the template, the style sheet and the script of the page
"""
