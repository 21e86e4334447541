// SPDX-License-Identifier: Apache-2.0

package eventgen

var givenNames = [...]string{
	"alice", "bruno", "chiara", "daniel", "elif", "farah", "goran", "hana", "ivan", "jonas",
	"keiko", "liam", "maria", "nadia", "omar", "priya", "quentin", "rosa", "samir", "tomas",
}

var familyNames = [...]string{
	"almeida", "becker", "chen", "dubois", "eriksen", "fischer", "garcia", "horvat", "ito", "jansen",
	"kowalska", "lindqvist", "moreau", "novak", "okafor", "petrov", "rossi", "silva", "tanaka", "weber",
}

// userCount is how many actors there are: each given name with each family name.
const userCount = len(givenNames) * len(familyNames)

// outside are the networks of RFC 5737, which nobody has.
var outside = [...]string{"192.0.2.", "198.51.100.", "203.0.113."}

var userAgents = [...]string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
	"python-requests/2.32.3",
	"mockforge-cli/0.3.213 (linux; x86_64)",
	"Terraform/1.9.8 (+https://www.terraform.io)",
}
