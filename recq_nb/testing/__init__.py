"""What tests of a model need: a clock that stands still until it is moved, and ids that count."""
