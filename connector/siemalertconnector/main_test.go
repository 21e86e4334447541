// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import "flag"

var update = flag.Bool("update", false, "write the golden files anew")
