"""The folders of the demo's runs. The demo replaces its own folders and changes no other."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Name of the file that marks a folder as made by the demo, so that the demo may delete it.
MARK = "made-by-the-tb_nnviz-demo"


def fresh(folder: Path) -> Path:
    """Make an empty, marked folder and return it. A folder that the demo made before is deleted.

    Raises:
        FileExistsError: the folder was not made by the demo.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"invalid run folder: {folder} is not a plain folder; name another --logdir")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise FileExistsError(f"invalid run folder: {folder} was not made by the demo; name another --logdir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("python -m demo deletes this folder when it trains this run again.\n")
    return folder
