"""The JavaScript client by itself: its rule against a stock server that does everything that can go wrong."""

from __future__ import annotations

from tests.node import stock

FOLDER = "clients/js"


class TestTheClient:
    def test_keeps_its_rule_against_a_stock_server(self) -> None:
        scripts = sorted((stock.ROOT / FOLDER / "test").glob("*.test.js"))
        told = stock.run(FOLDER, "--test", "--test-reporter=tap", *scripts, seconds=120)
        assert "# fail 0" in told
        assert "# skipped 0" in told

    def test_is_what_its_types_say(self) -> None:
        stock.run(FOLDER, "node_modules/typescript/bin/tsc", "--project", ".")

    def test_shows_an_example_in_its_readme_that_compiles(self) -> None:
        readme = (stock.ROOT / FOLDER / "README.md").read_text()
        examples = readme.split("```ts\n")[1:]
        assert examples
        for number, example in enumerate(examples):
            code = example.split("```")[0].replace('"@tripfile/client"', '"../index.js"')
            file = stock.ROOT / FOLDER / "test" / f"readme{number}.ts"
            file.write_text(code)
            try:
                stock.run(FOLDER, "node_modules/typescript/bin/tsc", "--project", ".")
            finally:
                file.unlink()
