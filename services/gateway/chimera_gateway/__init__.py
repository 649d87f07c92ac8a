"""The gateway service: takes orders, tells how they stand, and publishes what they made."""
