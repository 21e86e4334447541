// SPDX-License-Identifier: Apache-2.0

package eventlog

import "strings"

// maxKeys bounds the keys remembered: senders choose them.
const maxKeys = 256

// attributeKeys remembers the attribute keys of metadata members, which are the
// same few from event to event, so that they need not be put together anew.
type attributeKeys struct {
	byMember map[string]string
}

func (k *attributeKeys) metadata(member string) string {
	if key, ok := k.byMember[member]; ok {
		return key
	}
	key := AttrMetadataPrefix + member
	if len(k.byMember) < maxKeys {
		if k.byMember == nil {
			k.byMember = make(map[string]string)
		}
		// Cut from the new key: member would keep its whole event alive.
		k.byMember[strings.TrimPrefix(key, AttrMetadataPrefix)] = key
	}
	return key
}
