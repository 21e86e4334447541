// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Seal says what a file was when it was put aside.
type Seal struct {
	Version int    `json:"version"`
	Series  string `json:"series"` // the name of the file that was written to
	File    string `json:"file"`   // the name it has now, without .gz
	Extent
	// ClosedAt is when it was sealed.
	ClosedAt time.Time `json:"closed_at"`
	// PreviousSeal is the SHA-256 of the seal before in the series; zeros for
	// the first.
	PreviousSeal Hash `json:"previous_seal_sha256"`
	// PublicKey and Signature are Ed25519's, in base64.
	PublicKey []byte `json:"public_key"`
	Signature []byte `json:"signature,omitempty"`
}

// Removal says that a sealed file was removed on purpose.
type Removal struct {
	Version int `json:"version"`
	// RemovedSeal is the SHA-256 of the file's seal.
	RemovedSeal Hash      `json:"removed_seal_sha256"`
	RemovedAt   time.Time `json:"removed_at"`
	// Reason names the setting by which it was: retention, max_age or max_files.
	Reason    string `json:"reason"`
	PublicKey []byte `json:"public_key"`
	Signature []byte `json:"signature,omitempty"`
}

const (
	version = 1
	// What a signature is over begins with one of these, so that none stands
	// for anything else that was signed with the same key.
	sealContext    = "mockforge archive seal\n"
	removalContext = "mockforge archive removal\n"
	// maxSealFile is more than the two lines of a seal's file can be.
	maxSealFile = 64 << 10
)

// Sign returns the line of a seal, without a break. What is signed is this line
// without its last member, the signature, behind a line that says what it is.
func (s Seal) Sign(key ed25519.PrivateKey) ([]byte, error) {
	s.Version, s.PublicKey, s.Signature = version, key.Public().(ed25519.PublicKey), nil
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing a seal: %w", err)
	}
	s.Signature = ed25519.Sign(key, append([]byte(sealContext), text...))
	return json.Marshal(s)
}

// Sign returns the line of a removal, without a break, signed as a seal is.
func (r Removal) Sign(key ed25519.PrivateKey) ([]byte, error) {
	r.Version, r.PublicKey, r.Signature = version, key.Public().(ed25519.PublicKey), nil
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("writing a removal: %w", err)
	}
	r.Signature = ed25519.Sign(key, append([]byte(removalContext), text...))
	return json.Marshal(r)
}

// SealFile is what FILE.seal holds.
type SealFile struct {
	Seal
	// Hash is the SHA-256 of the seal's line.
	Hash Hash
	// Line is the seal's line.
	Line []byte
	// Removal is there once the file has been removed.
	Removal *Removal
}

// ParseSealFile reads a seal's file: whole lines, each written as Sign writes
// it. It does not look at signatures: Check does.
func ParseSealFile(data []byte) (*SealFile, error) {
	lines := bytes.SplitAfter(data, []byte{'\n'})
	if last := len(lines) - 1; len(lines[last]) != 0 || last == 0 || last > 2 {
		return nil, fmt.Errorf("found %d whole lines, expected a seal and, if the file was removed, the removal", last)
	}
	line := bytes.TrimSuffix(lines[0], []byte{'\n'})
	s := &SealFile{Hash: sha256.Sum256(line), Line: line}
	if err := parse(line, &s.Seal); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	if len(lines) == 3 {
		s.Removal = new(Removal)
		if err := parse(bytes.TrimSuffix(lines[1], []byte{'\n'}), s.Removal); err != nil {
			return nil, fmt.Errorf("line 2: %w", err)
		}
		if s.Removal.Version != version {
			return nil, fmt.Errorf("line 2: version: found %d, expected %d", s.Removal.Version, version)
		}
	}
	return s, nil
}

// parse takes only the text that is written again of what was read, so that
// nothing in a seal is outside its signature.
func parse(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, line) {
		return errors.New("found other text than is written of a seal, expected its members alone, in their order")
	}
	return nil
}

func (s *SealFile) check() error {
	switch {
	case s.Version != version:
		return fmt.Errorf("version: found %d, expected %d", s.Version, version)
	case s.FirstSeq == 0 || s.LastSeq < s.FirstSeq || s.LastSeq-s.FirstSeq+1 != s.Lines:
		return fmt.Errorf("lines: found %d, numbered %d to %d, expected as many as are numbered", s.Lines, s.FirstSeq, s.LastSeq)
	default:
		return nil
	}
}

// Check says whether the signatures are those of the keys that they name, and
// the removal that of this seal.
func (s *SealFile) Check() error {
	unsigned := s.Seal
	unsigned.Signature = nil
	if err := checkSignature(sealContext, unsigned, s.PublicKey, s.Signature); err != nil {
		return fmt.Errorf("the seal: %w", err)
	}
	if s.Removal == nil {
		return nil
	}
	removal := *s.Removal
	removal.Signature = nil
	if err := checkSignature(removalContext, removal, removal.PublicKey, s.Removal.Signature); err != nil {
		return fmt.Errorf("the removal: %w", err)
	}
	if removal.RemovedSeal != s.Hash {
		return fmt.Errorf("the removal: found that of the seal %s, expected %s", removal.RemovedSeal, s.Hash)
	}
	return nil
}

func checkSignature(context string, signed any, public, signature []byte) error {
	text, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	if len(public) != ed25519.PublicKeySize {
		return fmt.Errorf("public_key: found %d bytes, expected %d", len(public), ed25519.PublicKeySize)
	}
	if !ed25519.Verify(public, append([]byte(context), text...), signature) {
		return errors.New("found a signature that is not that of its text and key")
	}
	return nil
}
