"""Messages rendered for a terminal. Pure: nothing here asks a server or the clock."""
