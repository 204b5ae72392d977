"""Figures of a checkout's Rust code, one line each. Functions are found by tree-sitter; inline test modules are cut."""

import re
import statistics
import sys
from collections import Counter
from pathlib import Path

import tree_sitter_rust
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_rust.language()))
VAGUE_OPENING = re.compile(r"(what|who|whom|whose|whether|how|why|where|when|those|as|which)\b", re.IGNORECASE)
PRONOUN = re.compile(r"\b(it|its|they|them|their|he|him|his|she|her|who|whom|whose|what|one|ones|this|that|these|those|"
                     r"there|which)\b", re.IGNORECASE)
CLOCK = re.compile(r"\b(SystemTime::now|Instant::now|Utc::now|Local::now|OffsetDateTime::now_utc)\(")
FORBIDDEN_CONST = re.compile(r"\bconst (LONGEST|MOST|LIFE|PATIENCE|AHEAD|LATE|KEPT|TYP)\b")
OPEN_FILES = ["rust-toolchain.toml", "deny.toml", "CONTRIBUTING.md", "SECURITY.md", ".editorconfig", "LICENSE"]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def is_test_module(node, source):
    """A `mod` with #[cfg(test)] before it."""
    before = node.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment"):
        if before.type == "attribute_item" and b"cfg(test)" in source[before.start_byte:before.end_byte]:
            return True
        before = before.prev_named_sibling
    return False


class File:
    def __init__(self, path):
        source = path.read_bytes()
        tree = PARSER.parse(source)
        cut = set()
        for node in walk(tree.root_node):
            if node.type == "mod_item" and is_test_module(node, source):
                cut.update(range(node.start_point[0], node.end_point[0] + 1))
        self.lines = [line for number, line in enumerate(source.decode().splitlines()) if number not in cut]
        self.functions = []
        self.types = []
        for node in walk(tree.root_node):
            if node.start_point[0] in cut:
                continue
            if node.type == "function_item":
                parameters = node.child_by_field_name("parameters")
                kinds = ("parameter", "self_parameter")
                count = sum(1 for p in parameters.children if p.type in kinds)
                name = source[node.child_by_field_name("name").start_byte:node.child_by_field_name("name").end_byte]
                self.functions.append((node.end_point[0] - node.start_point[0] + 1, count, name.decode()))
            if node.type in ("struct_item", "enum_item", "trait_item", "type_item"):
                text = source[node.start_byte:node.end_byte]
                if text.startswith(b"pub") and node.parent.type == "source_file":
                    name = node.child_by_field_name("name")
                    self.types.append(source[name.start_byte:name.end_byte].decode())


def main(root):
    paths = sorted(p for p in (root / "src").rglob("*.rs") if p.name != "tests.rs" and "tests" not in p.parts)
    files = {path.relative_to(root): File(path) for path in paths}
    lines = [line for file in files.values() for line in file.lines]
    stripped = [line.strip() for line in lines]
    lengths = {path: len(file.lines) for path, file in files.items()}
    functions = [(*function, path) for path, file in files.items() for function in file.functions]
    sizes = [size for size, *_ in functions]
    docs = [line for line in stripped if line.startswith(("///", "//!"))]
    notes = [line for line in stripped if line.startswith("//") and not line.startswith(("///", "//!"))]
    blocks = [line[3:].strip() for before, line in zip([""] + stripped, stripped)
              if line.startswith("///") and not before.startswith("///")]
    words = re.findall(r"[A-Za-z']+", " ".join(line[3:] for line in docs))
    public = [line for line in stripped
              if re.match(r"pub (async fn|fn|struct|enum|trait|type|const|static|mod)\b", line)]
    tests_root = root / "tests"
    inline = sum(len(path.read_text().splitlines()) for path in (root / "src").rglob("*.rs")) - len(lines)
    rust_tests = sum(len(path.read_text().splitlines()) for path in tests_root.rglob("*.rs"))
    everything = [path.read_text() for folder in ("src", "tests", "fuzz/targets") if (root / folder).is_dir()
                  for path in (root / folder).rglob("*.rs")]
    test_functions = sum(len(re.findall(r"#\[(?:tokio::)?test", text)) for text in everything)
    names = Counter(name for file in files.values() for name in file.types)
    twice = {name: count for name, count in names.items() if count > 1}
    prose = sum(len(path.read_text().split()) for path in (root / "docs").rglob("*.md")) if (root / "docs").is_dir() else 0
    longest = max(lengths, key=lengths.get)
    size, _, name, where = max(functions)
    most = max(parameters for _, parameters, _, _ in functions)

    def say(what, value):
        print(f"{what:<64}{value}")

    share = lambda part, whole: f"{100 * part / max(1, whole):.1f} %"
    say("code files / lines, tests cut", f"{len(files)} / {len(lines)}")
    say("file: median / 90 % below", f"{percentile(lengths.values(), 0.5)} / {percentile(lengths.values(), 0.9)}")
    say("longest file", f"{lengths[longest]} {longest}")
    over = [sum(1 for n in lengths.values() if n > bound) for bound in (300, 600)]
    say("files of more than 300 / 600 lines", f"{over[0]} / {over[1]}")
    say("function: median / mean / 99 % below, lines",
        f"{percentile(sizes, 0.5)} / {statistics.mean(sizes):.1f} / {percentile(sizes, 0.99)}")
    say("longest function", f"{size} {where}:{name}")
    say("functions of more than 50 lines", share(sum(1 for n in sizes if n > 50), len(sizes)))
    say("functions with 5 parameters or more / most",
        f"{share(sum(1 for _, n, _, _ in functions if n >= 5), len(functions))} / {most}")
    say("pub items per 1 000 lines", f"{1000 * len(public) / len(lines):.0f}")
    say("comment lines: documentation / others", f"{share(len(docs), len(lines))} / {share(len(notes), len(lines))}")
    opened = sum(1 for file in files.values() if any(line.startswith("//!") for line in file.lines[:3]))
    say("files that open with //!", share(opened, len(files)))
    say("doc comments that begin with what, who, how, where, as …",
        share(sum(1 for block in blocks if VAGUE_OPENING.match(block)), len(blocks)))
    say("pronouns per 100 words of documentation",
        f"{100 * sum(1 for word in words if PRONOUN.fullmatch(word)) / max(1, len(words)):.1f}")
    say("blank lines / line length, 95 % below",
        f"{share(sum(1 for line in stripped if not line), len(lines))} / {percentile([len(l) for l in lines if l.strip()], 0.95)}")
    say("test functions; lines of Rust tests per line of code",
        f"{test_functions}; {(inline + rust_tests) / len(lines):.2f}")
    say("direct reads of the clock", sum(len(CLOCK.findall(line)) for line in lines))
    say("pub types whose name stands more than once", f"{len(twice)} {' '.join(sorted(twice))}".strip())
    say("constants named by a private word", sum(1 for line in lines if FORBIDDEN_CONST.search(line)))
    say("words of prose in docs/", prose)
    there = [name for name in OPEN_FILES if (root / name).is_file()]
    say("files for who comes", f"{len(there)} of {len(OPEN_FILES)}: {' '.join(there)}")


main(Path(sys.argv[1]))
