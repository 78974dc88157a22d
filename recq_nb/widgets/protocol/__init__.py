"""What travels between a widget's Python half and its page; the TypeScript types are generated from here."""
