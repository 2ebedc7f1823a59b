// compiler/antlr_grammar.h — the generated lexer and parser, for the few files of this folder that
// stand at ANTLR's door. Never included by a public header.
#pragma once
#include <InfraLexer.h>
#include <InfraParser.h>

namespace infra::syntax {

using Grammar = infra::grammar::InfraParser;  // token types and rule indexes

}  // namespace infra::syntax
