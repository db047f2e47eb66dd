"""Entry point of ``python -m tb_nnviz.cli``."""

import sys

from tb_nnviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
