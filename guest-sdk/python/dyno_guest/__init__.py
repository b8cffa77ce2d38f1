"""Write Dyno benchmark plugins in Python: decorate the functions to be measured with `bench`.

from dyno_guest import bench

@bench(params={"words": [100, 10_000]}, setup=lambda words: "word " * words)
def split(text):
    return len(text.split())
"""

from .black_box import black_box
from .case import Case, Param
from .checksum import checksum
from .registry import bench
from .splitmix import SplitMix64

__all__ = ["Case", "Param", "SplitMix64", "bench", "black_box", "checksum"]
