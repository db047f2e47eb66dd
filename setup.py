"""Packaging of tb_nnviz. Reads the version from the package without importing it."""

import re
import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
PAGE = Path("tb_nnviz", "plugin", "static", "index.js")


def read_version() -> str:
    """Return ``__version__`` of the package, found in its text."""
    found = re.search(r'^__version__ = "(.+)"$', (ROOT / "tb_nnviz" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if not found:
        sys.exit('missing version: tb_nnviz/__init__.py has no line __version__ = "..."')
    return found[1]


def require_page() -> None:
    """Exit if the page is not built, because a package without it installs and shows an empty tab."""
    if not (ROOT / PAGE).is_file():
        sys.exit(f"missing page: {PAGE.as_posix()} is not built; run ./dev frontend first, which builds it")


class Wheel(bdist_wheel):
    """A wheel, which contains the page. An editable install does not, so the page can be built later."""

    def run(self) -> None:
        """Build, or exit if the page is missing."""
        require_page()
        super().run()


class Source(sdist):
    """A source distribution, which contains the page too, so that its installation needs no Node."""

    def run(self) -> None:
        """Build, or exit if the page is missing."""
        require_page()
        super().run()


NATIVE = Path("tb_nnviz", "record", "measure", "native")
#: One build serves every Python from 3.10 on. Without a compiler the package works too, but slower.
KERNELS = Extension(
    "tb_nnviz.record.measure.native._kernels",
    [(NATIVE / "module.c").as_posix()],
    depends=[
        (NATIVE / path.name).as_posix() for path in sorted((ROOT / NATIVE).glob("*")) if path.suffix in (".h", ".inc")
    ],
    py_limited_api=True,
    optional=True,
)


class Extensions(build_ext):
    """A build of extensions with options for speed."""

    def build_extension(self, ext: Extension) -> None:
        """Build one extension, or warn that it cannot be built."""
        if self.compiler.compiler_type != "msvc":
            # -fopenmp-simd reorders sums only in loops with its pragma. Nothing here reads errno or traps.
            ext.extra_compile_args = [
                "-std=c11",
                "-O3",
                "-fopenmp-simd",
                "-fno-math-errno",
                "-fno-trapping-math",
                "-ffp-contract=fast",
                "-g0",
            ]
        super().build_extension(ext)


TORCH = ["torch>=2.1"]
DEMO = [*TORCH, "scikit-learn>=1.3", "tqdm>=4.65"]
LIGHTNING = [*TORCH, "lightning>=2.0"]
HUGGINGFACE = [*TORCH, "accelerate>=1.0", "transformers>=4.46"]
README = ROOT / "README.md"

setup(
    name="tb_nnviz",
    version=read_version(),
    description="See inside a neural network while it trains: one line in the loop, one tab in TensorBoard",
    long_description=README.read_text(encoding="utf-8") if README.is_file() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["tensorboard", "pytorch", "gradients", "activations", "visualization"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["tb_nnviz", "tb_nnviz.*"]),
    package_data={"tb_nnviz": ["py.typed"], "tb_nnviz.plugin": ["static/**"]},
    install_requires=["tensorboard>=2.16", "numpy>=1.23", "google-crc32c>=1.5", "rich>=12"],
    extras_require={
        "torch": TORCH,
        "demo": DEMO,
        "lightning": LIGHTNING,
        "huggingface": HUGGINGFACE,
        "test": [
            *DEMO,
            *LIGHTNING,
            *HUGGINGFACE,
            "mypy",
            "playwright",
            "pytest",
            "pytest-xdist",
            "pytorch-lightning>=2.0",
            "ruff",
            "setuptools>=77",
            "tensorboardX>=2.6",
            "wheel",
        ],
        "bench": [*DEMO, "wandb"],
    },
    entry_points={
        "tensorboard_plugins": ["nnviz = tb_nnviz.plugin.loader:NNVizLoader"],
        "console_scripts": ["tb-nnviz = tb_nnviz.cli:main"],
    },
    ext_modules=[KERNELS],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
    cmdclass={"bdist_wheel": Wheel, "build_ext": Extensions, "sdist": Source},
    zip_safe=False,
)
