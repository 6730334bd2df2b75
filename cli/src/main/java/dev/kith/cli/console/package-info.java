/**
 * What a terminal or a script gets of any command: the JSON document, progress, the exit status,
 * and what a document says of machine and version. Knows no command.
 */
@NullMarked
package dev.kith.cli.console;

import org.jspecify.annotations.NullMarked;
