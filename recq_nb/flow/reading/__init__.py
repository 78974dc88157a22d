"""From syntax trees to facts: what names mean, which values an expression may have, what a handler does."""
