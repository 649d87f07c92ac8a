"""What the procedural engine knows: problem families, their answers and how to write about them; pure."""
