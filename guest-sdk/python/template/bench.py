from dyno_guest import SplitMix64, bench


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@bench(name="fib/{n}", params={"n": [10, 15]}, expected=fib)
def recursive(n):
    """Recursive Fibonacci numbers"""
    return fib(n)


def random_numbers(length):
    random = SplitMix64(length)
    return [random.next_u64() for _ in range(length)]


# `setup` makes the input once; `fresh` copies it before each iteration, because sorting what is
# sorted would be another benchmark. Neither is timed.
@bench(
    name="sort/{length}",
    group="sort",
    params={"length": [100, 10_000]},
    throughput_elements=lambda length: length,
    setup=random_numbers,
    fresh=list,
    batch=16,
)
def sort(numbers):
    """Sorts random 64-bit numbers"""
    numbers.sort()
    return numbers
