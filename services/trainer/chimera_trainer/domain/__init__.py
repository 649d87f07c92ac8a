"""What a training may order, and what is learned."""
