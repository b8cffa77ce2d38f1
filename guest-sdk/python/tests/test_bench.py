"""Registering cases, and running them on the stand-in for the host."""

import unittest

from dyno_guest import SplitMix64, bench
from dyno_guest.registry import registered
from dyno_guest.runner import run
from dyno_guest.testing import CaseFailed, StandIn, run_all, run_case


class BenchTest(unittest.TestCase):
    def setUp(self):
        registered.clear()

    def test_the_smallest_case(self):
        @bench
        def answer():
            """Knows the answer.

            And more than that.
            """
            return 42

        self.assertEqual(answer(), 42)
        self.assertEqual(registered["answer"].description, "Knows the answer.")
        self.assertEqual(run_all(), {"answer": 42})

    def test_lists_of_parameters_are_combined(self):
        @bench(params={"n": [1, 2], "order": ("up", "down"), "fixed": "text"})
        def sort(n, order, fixed):
            return n

        names = [
            "sort/n=1/order=up",
            "sort/n=1/order=down",
            "sort/n=2/order=up",
            "sort/n=2/order=down",
        ]
        self.assertEqual(list(registered), names)
        self.assertEqual(registered[names[3]].params, {"n": 2, "order": "down", "fixed": "text"})
        self.assertEqual(run_case(names[3]), 2)

    def test_a_name_may_say_where_its_parameters_go(self):
        bench(name="sort/{n}", params={"n": [1, 2]})(lambda n: n)
        bench(name="plain", params={"n": 5})(lambda n: n)
        self.assertEqual(list(registered), ["sort/1", "sort/2", "plain"])

    def test_parameters_are_passed_by_name_whatever_their_order(self):
        bench(name="case", params={"a": 1, "b": 2})(lambda b, a: (a, b))
        self.assertEqual(registered["case"].arguments(), (2, 1))

    def test_setup_is_called_once_and_fresh_before_each_iteration(self):
        calls = []

        def setup(n):
            calls.append("setup")
            return list(range(n, 0, -1))

        def fresh(numbers):
            calls.append("fresh")
            return list(numbers)

        @bench(params={"n": 3}, setup=setup, fresh=fresh, batch=4)
        def sort(numbers):
            calls.append("sort")
            numbers.sort()
            return numbers

        host = StandIn((1, 5))
        run(registered["sort"], host)
        once, four = ["fresh", "sort"], ["fresh"] * 4 + ["sort"] * 4
        self.assertEqual(calls, ["setup", *once, *four, *once])
        self.assertEqual(len(set(host.checksums)), 1)

    def test_counts_are_functions_of_the_parameters(self):
        bench(
            name="case/{n}",
            params={"n": [3, 4]},
            throughput_bytes=lambda n: n * 10,
            expected=lambda n: n,
        )(lambda n: n)
        self.assertEqual(registered["case/4"].count(registered["case/4"].throughput_bytes), 40)
        self.assertEqual(run_all(), {"case/3": 3, "case/4": 4})

    def test_what_is_wrong_is_told_when_it_is_registered(self):
        wrong = [
            ({"name": "taken"}, lambda: 1, "two cases are named 'taken'"),
            (
                {"params": {"n": 1}},
                lambda: 1,
                "<lambda> and the parameters: got an unexpected keyword argument 'n'",
            ),
            ({"params": {"n": 1}}, lambda *, n: 1, "by name only"),
            ({"setup": lambda n: 1}, lambda x: 1, "missing a required argument: 'n'"),
            ({"throughput_bytes": 1, "throughput_elements": 1}, lambda: 1, "not both"),
            ({"throughput_bytes": 1.5}, lambda: 1, "1.5 is not a whole number"),
            ({"expected": "7"}, lambda: 1, "'7' is not a whole number"),
            ({"batch": 2}, lambda: 1, "inputs that `fresh` makes"),
            ({"beforeEach": 2}, lambda: 1, "unexpected keyword argument 'beforeEach'"),
        ]
        bench(name="taken")(lambda: 0)
        for options, function, message in wrong:
            with self.assertRaisesRegex((TypeError, ValueError), message):
                bench(**options)(function)
        with self.assertRaisesRegex(TypeError, "by name"):
            bench("name")
        self.assertEqual(list(registered), ["taken"])

    def test_failures_are_told(self):
        bench(name="wrong", expected=1)(lambda: 2)
        with self.assertRaisesRegex(CaseFailed, "the checksum is 0x2 where 0x1 was expected"):
            run_case("wrong")
        counter = iter(range(100))
        bench(name="changing")(lambda: next(counter))
        with self.assertRaisesRegex(CaseFailed, "the batches' checksums are"):
            run_case("changing")
        with self.assertRaisesRegex(CaseFailed, "no case named 'none'"):
            run_case("none")
        bench(name="raising", setup=lambda: 1 // 0)(lambda x: x)
        with self.assertRaises(ZeroDivisionError):
            run_case("raising")

    def test_a_text_that_changes_is_hashed_again(self):
        texts = iter(["a", "a", "a", "a", "b"] + ["b"] * 20)
        bench(name="texts")(lambda: next(texts))
        with self.assertRaisesRegex(CaseFailed, "checksums"):
            run_case("texts")


class SplitMixTest(unittest.TestCase):
    def test_published_vectors(self):
        """The first numbers of the reference implementation for the seed 1234567."""
        random = SplitMix64(1234567)
        numbers = [random.next_u64() for _ in range(3)]
        self.assertEqual(numbers, [6457827717110365317, 3203168211198807973, 9817491932198370423])

    def test_below_stays_below(self):
        random = SplitMix64(1)
        self.assertEqual((random.below(0), random.below(1)), (0, 0))
        self.assertTrue(all(0 <= random.below(10) < 10 for _ in range(1000)))
