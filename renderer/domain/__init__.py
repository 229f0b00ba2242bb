"""What Barkline talks about: values and rules, standard library only."""
