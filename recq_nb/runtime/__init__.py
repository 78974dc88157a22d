"""The runtime: makes a bundle run. Everything here lives on the engine thread unless it says otherwise."""
