"""How two problem statements relate: the same, the same with other numbers or names, or different."""
