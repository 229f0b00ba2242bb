"""The name under which every stage of a render tells how long it took."""

STAGE = "barkline_stage_seconds"
