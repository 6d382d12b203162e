package exec

import "encoding/json"

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	switch {
	case h.named == nil:
		return json.RawMessage(`{"type":"object","additionalProperties":false,"oneOf":[{"required":["command"]},{"required":["shell"]}],"properties":{` +
			`"command":{"type":"array","items":{"type":"string"},"minItems":1,"description":"a program and its arguments"},` +
			`"shell":{"type":"string","description":"a script"},` +
			`"shell_path":{"type":"string","description":"absolute; with shell only"},` +
			`"env":{"type":"object","additionalProperties":{"type":"string"}},` +
			`"clean_env":{"type":"boolean","description":"nothing of the daemon's environment"},` +
			`"dir":{"type":"string","description":"absolute"},` +
			`"stdin":{"type":"string"}}}`)
	case h.named.PayloadStdin:
		return json.RawMessage(`{"type":"object","description":"goes to standard input"}`)
	}
	properties, required := map[string]any{}, []string{}
	for _, p := range h.params {
		property := map[string]any{"type": []string{"string", "number", "boolean"}, "pattern": "^(?:" + p.Pattern + ")$"}
		if p.Optional {
			property["default"] = p.Default
		} else {
			required = append(required, p.Name)
		}
		properties[p.Name] = property
	}
	raw, err := json.Marshal(map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required})
	if err != nil {
		return nil
	}
	return raw
}
