#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that must work through a web server, with contrib/apache/symbolicate.conf as it is shipped.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/request_table.sh"

e2e_begin apache2
request_table apache
e2e_end
