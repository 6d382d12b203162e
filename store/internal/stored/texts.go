package stored

import "encoding/json"

// Texts stores a list of texts as JSON.
func Texts(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, _ := json.Marshal(list) // texts always encode
	return string(b)
}

// ParseTexts reads what Texts made.
func ParseTexts(text string) []string {
	list := []string{}
	_ = json.Unmarshal([]byte(text), &list)
	return list
}
