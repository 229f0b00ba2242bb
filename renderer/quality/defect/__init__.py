"""The defect factory: known faults planted into clean sound, to hold the gate to account.

`catalogue` lists the defects and plants them; `sound`, `timing`, `word` and `vocoder` do the work.
Everything is pure: the same sound, defect and seed give the same samples.
"""
