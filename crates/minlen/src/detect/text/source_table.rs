//! Table: what the lines of each language begin with (after indentation), with points. Patterns are separated by
//! `~`; one that ends in a line feed must be the whole line.

/// One language.
pub(super) struct Language {
    pub name: &'static str,
    /// A language whose points count for this one too.
    pub base: Option<&'static str>,
    /// Points and the patterns that earn them.
    pub starts: &'static [(u32, &'static str)],
    /// Lines ending in `;`, `{` or `}` earn a point.
    pub braces: bool,
    /// Lines ending in `:` earn a point.
    pub colons: bool,
    /// The text must begin with this.
    pub opening: Option<&'static str>,
    /// Prose with markup rather than a program.
    pub markup: bool,
}

const PLAIN: Language = Language {
    name: "",
    base: None,
    starts: &[],
    braces: false,
    colons: false,
    opening: None,
    markup: false,
};

/// At most 32, since a set of them is a 32-bit number.
pub(super) const LANGUAGES: &[Language] = &[
    Language {
        name: "C",
        braces: true,
        starts: &[
            (
                5,
                "# define~#  define~# if~#  if~# include~# endif~#  include~# pragma~# else~#include~#ifdef~#ifndef~#define~#undef~#endif~#pragma",
            ),
            (4, "typedef ~extern ~struct ~enum ~union "),
            (
                3,
                "#if ~#else~static ~void ~unsigned ~size_t ~char ~int ~uint8_t ~uint32_t ~uint64_t ~long ~double ",
            ),
            (2, "if (~for (~while (~switch (~} else~case ~break;~return;~else if (~/*~//~///~**"),
            (2, "const "),
            (1, "* ~*/~return ~assert(~goto ~default:"),
        ],
        ..PLAIN
    },
    Language {
        name: "C++",
        base: Some("C"),
        starts: &[
            (
                6,
                "public:~private:~protected:~using namespace~template <~template<~virtual ~#include <vector~#include <string>~#include <memory",
            ),
            (5, "namespace ~std::~class ~constexpr ~explicit ~auto ~static_cast~[[nodiscard"),
            (3, "using ~const std::~catch (~} catch"),
        ],
        ..PLAIN
    },
    Language {
        name: "Rust",
        braces: true,
        starts: &[
            (
                6,
                "pub fn ~pub struct ~pub enum ~pub trait ~pub mod ~pub(crate)~pub use ~#![~let mut ~impl<~impl ~#[derive~#[cfg",
            ),
            (
                4,
                "fn ~#[~mod ~//!~trait ~async fn ~unsafe ~crate::~extern crate~use std::~use crate::~use super::",
            ),
            (
                3,
                "let ~match ~///~Some(~Ok(~Err(~None =>~self.~.map(~.unwrap()~assert_eq!(~assert!(~if let ~loop {~while let ",
            ),
            (2, "use ~for ~return ~struct ~enum ~type ~where\n~_ =>~pub "),
            (3, "const ~static "),
            (1, "if ~else~//~}"),
        ],
        ..PLAIN
    },
    Language {
        name: "Python",
        colons: true,
        starts: &[
            (7, "def ~async def ~elif ~if __name__~except ~try:~import numpy~from __future__"),
            (
                5,
                "import ~self.~raise ~\"\"\"~'''~@property~@staticmethod~yield ~print(~lambda ~else:~with open~assert ",
            ),
            (3, "@~pass\n~continue\n~break\n~None"),
            (2, "return ~from "),
            (1, "if ~class ~for ~while ~with ~#~return\n~)~]"),
        ],
        ..PLAIN
    },
    Language {
        name: "Java",
        braces: true,
        starts: &[
            (
                8,
                "import java~import org.~import com.~public class ~public interface ~@Override~public static ~private final ~private static ~public final",
            ),
            (4, "package ~public ~private ~protected ~final ~throw new ~} catch (~abstract ~implements "),
            (2, "if (~for (~while (~return ~} else~/**~*~//~@~try {~String ~int ~switch (~case ~this."),
        ],
        ..PLAIN
    },
    Language {
        name: "C#",
        base: Some("Java"),
        starts: &[(
            12,
            "using System~[assembly~public override ~get;~get {~internal ~#region~public async ~foreach (~namespace ~using Microsoft",
        )],
        ..PLAIN
    },
    Language {
        name: "JavaScript",
        braces: true,
        starts: &[
            (
                8,
                "module.exports~'use strict'~\"use strict\"~export default~export const~export function~async function~const {~require(",
            ),
            (
                5,
                "function ~var ~export ~await ~});~console.~document.~window.~exports.~$(~import {~import React~return new ",
            ),
            (3, "const ~let ~import ~})~},~this.~async ~=>"),
            (2, "if (~for (~while (~return ~} else~/**~*~//~try {~switch (~case ~throw new "),
        ],
        ..PLAIN
    },
    Language {
        name: "TypeScript",
        base: Some("JavaScript"),
        starts: &[(
            7,
            "export interface ~export type ~interface ~export class ~export enum~import type~readonly ~declare ~export abstract~private readonly~type ~constructor(private",
        )],
        ..PLAIN
    },
    Language {
        name: "Go",
        braces: true,
        starts: &[
            (
                8,
                "func ~import (~if err != nil~defer ~go func~package main~return nil~return err~type (~chan ",
            ),
            (3, "package ~type ~var ~const (~for _, ~select {~if err :~fmt.~switch ~import \""),
            (1, "// ~return ~if ~for ~case ~default:~)~}"),
        ],
        ..PLAIN
    },
    Language {
        name: "shell",
        starts: &[
            (
                9,
                "#!/bin/sh~#!/bin/bash~#!/usr/bin/env bash~#!/usr/bin/env sh~fi\n~esac\n~done\n~then\n~if [ ~elif [~if [[~;;\n",
            ),
            (
                5,
                "echo ~export ~set -~local ~exit ~do\n~while read~case $~case \"$~sudo ~cd ~source ~printf ~[ ~[[ ~test ~shift",
            ),
            (2, "# ~else\n~for ~while ~mkdir ~rm ~cp ~if ~$~\""),
            (1, "#~}"),
        ],
        ..PLAIN
    },
    Language {
        name: "SQL",
        starts: &[
            (
                9,
                "INSERT INTO~CREATE TABLE~DELETE FROM~DROP TABLE~ALTER TABLE~CREATE INDEX~CREATE UNIQUE~insert into~create table~alter table~drop table~CREATE VIEW",
            ),
            (
                6,
                "SELECT~UPDATE ~WHERE ~GROUP BY~ORDER BY~LEFT JOIN~INNER JOIN~JOIN ~VALUES~PRIMARY KEY~FROM ~order by~UNION",
            ),
            (2, "select ~from ~where ~--~AND ~OR ~BEGIN~COMMIT~ON ~SET ~);~(~`~USE ~and "),
        ],
        ..PLAIN
    },
    Language {
        name: "Lisp",
        starts: &[
            (
                9,
                "(defun~(define~(defmacro~(defvar~(setq~(setf~(lambda~(in-package~(defn~(ns ~(provide~(defconst~(defpackage~(let*",
            ),
            (
                4,
                "(let ~(if ~(cond~(car ~(cdr ~(when~(require~(loop~(progn~(list ~(and~(or ~(not ~(else~((~(cons ~(format ",
            ),
            (1, "(~;~;;~)~'("),
        ],
        ..PLAIN
    },
    Language {
        name: "TeX",
        starts: &[
            (
                9,
                "\\documentclass~\\usepackage~\\section~\\subsection~\\begin{~\\end{~\\newcommand~\\chapter~\\item~\\documentstyle~\\label{~\\title{",
            ),
            (4, "\\"),
            (1, "%~$$"),
        ],
        ..PLAIN
    },
    Language {
        name: "roff",
        starts: &[
            (9, ".TH ~.SH ~.SH\n~.PP~.TP~.BR ~.Dd ~.Sh ~.\\\"~'\\\"~.SS ~.IP ~.RS~.RE"),
            (5, ".B ~.I ~.br~.sp~.nf~.fi~.LP~.de ~.ds ~.in ~.ft ~.IR ~.BI ~.P\n~.It ~.Fl"),
        ],
        ..PLAIN
    },
    Language {
        name: "assembly",
        starts: &[
            (
                7,
                ".globl~.text~.section~.cfi_~.align~.p2align~.type~.size~.file~.long~.quad~.byte~.global~section .~.ascii~global ",
            ),
            (
                4,
                "mov ~movl~movq~push~pop~call~ret\n~retq~jmp~lea~xor~add ~sub ~cmp~test~ldr~str ~bl ~stp~ldp~je ~jne~addq~subq~movl\t~mov\t",
            ),
        ],
        colons: true,
        ..PLAIN
    },
    Language {
        name: "PHP",
        opening: Some("<?"),
        braces: true,
        starts: &[
            (20, "<?php~<?="),
            (
                5,
                "$this->~public function~private function~protected function~use Illuminate~namespace ~echo ~$~function ",
            ),
            (2, "if (~return ~} else~//~*~/**~foreach ("),
        ],
        ..PLAIN
    },
    Language {
        name: "Perl",
        braces: true,
        starts: &[
            (
                9,
                "use strict~use warnings~my $~my @~my %~my (~sub ~print STDERR~#!/usr/bin/perl~our $~=head1~=cut~__END__",
            ),
            (3, "$~@~%~push @~foreach ~unless ~return ~die ~use "),
        ],
        ..PLAIN
    },
    Language {
        name: "Ruby",
        starts: &[
            (
                7,
                "end\n~attr_~require '~require_relative~puts ~elsif ~def self.~module ~describe ~it '~it \"~unless ~rescue",
            ),
            (4, "def ~class ~@~do |"),
            (1, "# ~#~if ~else\n~return "),
        ],
        ..PLAIN
    },
    Language {
        name: "Lua",
        starts: &[
            (8, "local function~local ~end\n~end)~end,~elseif ~function M~require(~for _, ~for i = ~then\n"),
            (3, "function ~--~if ~else\n~return ~self."),
        ],
        ..PLAIN
    },
    Language {
        name: "Haskell",
        starts: &[
            (
                7,
                "import qualified~module ~import Data~import Control~{-#~where\n~instance ~deriving~data ~newtype ~import Prelude",
            ),
            (2, "import ~let ~in ~case ~type ~do\n~where "),
        ],
        ..PLAIN
    },
    Language {
        name: "Fortran",
        starts: &[
            (
                9,
                "subroutine~SUBROUTINE~implicit none~IMPLICIT NONE~end subroutine~END SUBROUTINE~integer ::~real ::~end do~END DO~INTEGER ~REAL ~DIMENSION~COMMON ~ENDIF~end if",
            ),
            (4, "call ~CALL ~do ~DO ~use ~type(~CONTINUE~WRITE(~IF (~if (~! ~c  ~C  ~real ~integer "),
        ],
        ..PLAIN
    },
    Language {
        name: "Swift or Kotlin",
        braces: true,
        starts: &[
            (
                9,
                "import Foundation~import UIKit~import SwiftUI~guard ~override func~fun ~override fun~data class~val ~private val~private fun~suspend fun~import kotlin~import android~@State~func application~object :",
            ),
            (3, "func ~let ~var ~struct ~protocol ~extension ~import ~private var~when "),
            (1, "// ~return ~if ~}"),
        ],
        ..PLAIN
    },
    Language {
        name: "CSS",
        braces: true,
        starts: &[
            (
                8,
                "@media~@import url~@font-face~body {~html {~a:hover~font-size:~margin:~padding:~color:~background~border~display:~width:~height:~position:~font-family~text-align~float:~margin-~padding-~top:~left:~right:~@charset~z-index",
            ),
            (1, ".~#~&"),
        ],
        ..PLAIN
    },
    Language {
        name: "diff",
        starts: &[(12, "diff --git~@@ -~--- a/~+++ b/~Index: ~index "), (1, "+~-")],
        ..PLAIN
    },
    Language {
        name: "makefile",
        starts: &[
            (
                9,
                ".PHONY~ifeq ~ifneq ~endif\n~ifdef ~ifndef ~all:~clean:~install:~$(CC)~CFLAGS~include $(~LDFLAGS~SRCS~OBJS~test:~@echo~$(MAKE)",
            ),
            (2, "$(~@~-rm~# ~else\n~export "),
        ],
        ..PLAIN
    },
    Language {
        name: "PostScript",
        opening: Some("%!"),
        starts: &[(20, "%!PS"), (6, "%%~showpage~gsave~grestore~newpath~moveto~lineto~/~%"), (2, "{~}~[")],
        ..PLAIN
    },
    Language {
        name: "Markdown",
        markup: true,
        starts: &[
            (4, "# ~## ~### ~#### ~```~[!["),
            (2, "- ~* ~+ ~1. ~2. ~3. ~| ~![~**~---\n~> "),
            (1, "[~`"),
        ],
        ..PLAIN
    },
    Language {
        name: "reStructuredText",
        markup: true,
        starts: &[(7, ".. ~::\n~====~----~:ref:~:param~#. ~``~****~++++"), (2, "- ~* ~:")],
        ..PLAIN
    },
];
