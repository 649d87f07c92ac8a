"""The standalone process: every service at once, with a broker and a store of its own."""
