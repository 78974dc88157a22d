"""What a modeller can say: payloads, components, handlers and the rules they keep. Pure: no I/O, no asyncio."""
