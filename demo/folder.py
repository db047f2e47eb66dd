"""The folders that the demo owns: it replaces its own runs and touches nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

#: A file of this name in a run's folder says that the demo made it and may delete it.
MARK = "made-by-the-tb_nnviz-demo"


def fresh(folder: Path) -> Path:
    """An empty, marked folder at this path. What the demo made there before is deleted.

    Raises:
        FileExistsError: the folder holds something that the demo did not make.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"invalid run folder: {folder} is not a plain folder; name another --logdir")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise FileExistsError(f"invalid run folder: {folder} was not made by the demo; name another --logdir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("python -m demo deletes this folder when it trains this run anew.\n")
    return folder
