"""Who sounds like whom, and how: numbers and pictures of a cast. Pure.

- `sound_print`: what is measured of one take; `cast`: takes put together by character
- `likeness`: matrices by speaker embedding, spectrum and prosody; `cluster`: groups of voices
- `pair`: who will be taken for whom; `drift`: a voice over versions
- `emotion_table`: what was asked for against what was heard
- `speaker_map`: vectors on a plane; `study`: all of it put together
- `canvas`: drawing in SVG, light and dark; `label`: names beside dots; `raster`: SVG to PNG
- `map_picture`, `matrix_picture`, `ridge_picture` (pitch and pace), `bar_picture`,
  `emotion_picture`: the pictures
- `table`: the same as JSON and CSV
- `upgrade`: one line with a new voice beside the old, and which is worse
"""
