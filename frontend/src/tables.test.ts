import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/**
 * Names from logs and links may be names of Object.prototype, such as `constructor`. An object that is used as a table
 * finds those. A look-up by an arbitrary string is allowed in a Map only.
 */

const FRONTEND = join(import.meta.dirname, "..");

function program(): ts.Program {
  const file = ts.readConfigFile(join(FRONTEND, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(file.config, ts.sys, FRONTEND);
  return ts.createProgram(
    fileNames.filter((name) => !/\.test\.tsx?$|\/testing\//.test(name)),
    options,
  );
}

/** Return true for a type that has other values than known literals. */
const isAnyString = (type: ts.Type): boolean =>
  type.isUnion() ? type.types.some(isAnyString) : (type.flags & ts.TypeFlags.String) !== 0;

/** Return the places where an object is used as a table with arbitrary keys. */
function lookups(checker: ts.TypeChecker, source: ts.SourceFile): string[] {
  const found: string[] = [];
  const report = (node: ts.Node) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${source.fileName.slice(FRONTEND.length + 1)}:${line + 1}: ${node.getText()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isElementAccessExpression(node) && isAnyString(checker.getTypeAtLocation(node.argumentExpression)))
      report(node);
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.InKeyword &&
      isAnyString(checker.getTypeAtLocation(node.left))
    )
      report(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("tables with keys from logs or links are Maps", () => {
  const made = program();
  const checker = made.getTypeChecker();
  const sources = made.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(FRONTEND, "src")));
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap((source) => lookups(checker, source))).toEqual([]);
}, 60_000);
