"""What MkDocs calls while it builds the site."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
# A hook is loaded by its path, and its folder is then not importable.
sys.path.insert(0, str(ROOT))

from docs_site import action_pages, cli_page, decision_list, property_page, signatures  # noqa: E402
from record_processor import __version__  # noqa: E402
from record_processor.catalog import registry, schema  # noqa: E402

_LINK = re.compile(r"\[([^]]+)\]\(((?:\.\./)+[^)#\s]+)(?:#[\w-]+)?\)")
_MARKERS = {
    "<!-- actions -->": action_pages.overview,
    "<!-- keys of every action -->": action_pages.common_keys,
    "<!-- decisions -->": decision_list.listed,
    "<!-- signatures -->": signatures.wanted,
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the version that a page is about at its foot."""
    config.copyright = f"record-processor {__version__}"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made from the types."""
    for address, text in generated().items():
        files.append(File.generated(config, address, content=text))
    return files


def generated() -> dict[str, str]:
    """Return each file that is in no folder, by address below `docs/`."""
    return {
        **action_pages.pages(),
        "reference/cli.md": cli_page.page(),
        "reference/properties.md": property_page.page(),
        "reference/actions.schema.json": schema.text(registry.built_in()),
    }


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Fill in tables that are made from the types; links that leave `docs/` become plain text."""
    for marker, made in _MARKERS.items():
        if marker in markdown:
            markdown = markdown.replace(marker, made())
    folder = Path(config.docs_dir, page.file.src_uri).parent
    return _LINK.sub(lambda link: _without_address(link, folder, Path(config.docs_dir)), markdown)


def _without_address(link: re.Match[str], folder: Path, docs: Path) -> str:
    """Name what is not on the site, since nobody knows where the reader has the repository."""
    target = (folder / link[2]).resolve()
    if target.is_relative_to(docs) or not target.exists():
        return link[0]
    name = str(target.relative_to(ROOT))
    return f"`{name}`" if link[1].strip("`") == name else f"{link[1]} (`{name}`)"
