from chimera_verifier.domain.remembered import remembered


def counting():
    asked = []

    @remembered
    def read(text):
        """Reads."""
        asked.append(text)
        return text.upper()

    return read, asked


def test_a_short_text_is_read_once_and_a_long_one_each_time():
    read, asked = counting()
    assert [read("a"), read("a"), read("b"), read("x" * 301), read("x" * 301)] == ["A", "A", "B", "X" * 301, "X" * 301]
    assert asked == ["a", "b", "x" * 301, "x" * 301]
    assert (read.__name__, read.__doc__) == ("read", "Reads.")


def test_only_so_many_are_remembered():
    read, asked = counting()
    for i in range(3000):
        read(str(i))
    read("0")
    assert asked.count("0") == 2
