package control

import (
	"context"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// shownFindings is how many breaches are told of a rule that is tried.
const shownFindings = 100

// CreateAlertRule makes an alert rule, of one platform or, by whoever reaches all of them,
// about all.
func (s *Service) CreateAlertRule(ctx context.Context, c Call, in *api.AlertRuleInput) (api.AlertRule, error) {
	home, err := c.tokenHome(in.PlatformID)
	if err != nil {
		return api.AlertRule{}, err
	}
	r := alert.Rule{
		ID: s.o.NewID(), Platform: home, Operator: alert.GT, Severity: alert.Warning, Channels: []string{alert.Dashboard}, Enabled: true,
		CreatedBy: c.Principal.Name, CreatedAt: c.Now, UpdatedAt: c.Now,
	}
	overlayAlertRule(&r, in)
	if err := s.checkAlertRule(&r); err != nil {
		return api.AlertRule{}, err
	}
	made, err := s.store.CreateAlertRule(c.trail(ctx, "alert_rule.created"), r)
	if err != nil {
		return api.AlertRule{}, err
	}
	s.did(ctx, c, "alert rule created", alertRuleAttrs(&made)...)
	return s.alertRuleOf(&made), nil
}

// overlayAlertRule writes what in says over r.
func overlayAlertRule(r *alert.Rule, in *api.AlertRuleInput) {
	set(&r.Name, in.Name)
	set(&r.Description, in.Description)
	set(&r.Enabled, in.Enabled)
	set(&r.Channels, in.Channels)
	if in.Severity != nil {
		r.Severity = alert.Severity(*in.Severity)
	}
	if cond := in.Condition; cond != nil {
		set(&r.Metric, cond.Metric)
		set(&r.Value, cond.Value)
		set(&r.DurationMS, cond.DurationMS)
		if cond.Operator != nil {
			r.Operator = alert.Operator(*cond.Operator)
		}
	}
}

// set writes what was given.
func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// checkAlertRule refuses a rule that is wrong, under the names that fields have in the API.
func (s *Service) checkAlertRule(r *alert.Rule) error {
	problems := r.Validate(s.channelNames(r.Platform))
	for i := range problems {
		switch p := &problems[i]; p.Field {
		case "metric", "operator", "value", "duration_ms":
			p.Field = "condition." + p.Field
		}
	}
	return problems.Err()
}

// channelNames are what rules of a platform may name: channels, and their types whether
// there is one or not; nil = not known.
func (s *Service) channelNames(platform string) []string {
	if s.o.Alerts.Reach == nil {
		return nil
	}
	names := []string{"email", "slack", "webhook"}
	for _, channel := range s.o.Alerts.Channels {
		if len(s.o.Alerts.Reach(platform, []string{channel.Name})) > 0 {
			names = append(names, channel.Name)
		}
	}
	return names
}

// AlertRules returns the alert rules in the caller's scope, by name.
func (s *Service) AlertRules(ctx context.Context, c Call) ([]api.AlertRule, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	rules, err := s.store.ListAlertRules(ctx, scope)
	list := make([]api.AlertRule, len(rules))
	for i := range rules {
		list[i] = s.alertRuleOf(&rules[i])
	}
	return list, err
}

// AlertRule returns one.
func (s *Service) AlertRule(ctx context.Context, c Call, ref string) (api.AlertRule, error) {
	r, err := s.findAlertRule(ctx, c, ref)
	if err != nil {
		return api.AlertRule{}, err
	}
	return s.alertRuleOf(&r), nil
}

func (s *Service) findAlertRule(ctx context.Context, c Call, ref string) (alert.Rule, error) {
	scope, err := c.scope()
	if err != nil {
		return alert.Rule{}, err
	}
	return s.store.AlertRule(ctx, scope, ref)
}

// ChangeAlertRule changes the fields that in gives. Its alerts are judged anew.
func (s *Service) ChangeAlertRule(ctx context.Context, c Call, ref string, in *api.AlertRuleInput) (api.AlertRule, error) {
	if in.PlatformID != nil {
		return api.AlertRule{}, fieldError("platform_id", "read_only", "cannot be changed")
	}
	scope, err := c.scope()
	if err != nil {
		return api.AlertRule{}, err
	}
	r, err := s.store.ChangeAlertRule(c.trail(ctx, "alert_rule.changed"), store.ChangeAlertRule{
		Platform: scope, Ref: ref, IfRevision: c.IfRevision, By: c.Principal.Name, Now: c.Now,
		Change: func(r *alert.Rule) error {
			overlayAlertRule(r, in)
			return s.checkAlertRule(r)
		},
	})
	if err != nil {
		return api.AlertRule{}, err
	}
	s.did(ctx, c, "alert rule changed", alertRuleAttrs(&r)...)
	return s.alertRuleOf(&r), nil
}

// DeleteAlertRule removes an alert rule; its alerts are resolved.
func (s *Service) DeleteAlertRule(ctx context.Context, c Call, ref string) (api.AlertRule, error) {
	scope, err := c.scope()
	if err != nil {
		return api.AlertRule{}, err
	}
	r, err := s.store.DeleteAlertRule(c.trail(ctx, "alert_rule.deleted"), store.DeleteAlertRule{
		Platform: scope, Ref: ref, IfRevision: c.IfRevision, By: c.Principal.Name, Now: c.Now,
	})
	if err != nil {
		return api.AlertRule{}, err
	}
	s.did(ctx, c, "alert rule deleted", alertRuleAttrs(&r)...)
	return s.alertRuleOf(&r), nil
}

// TryAlertRule says what a rule would find now, and tells nobody.
func (s *Service) TryAlertRule(ctx context.Context, c Call, ref string) (api.AlertTested, error) {
	r, err := s.findAlertRule(ctx, c, ref)
	if err != nil {
		return api.AlertTested{}, err
	}
	if s.o.Alerts.Try == nil {
		return api.AlertTested{}, job.Errorf(job.Unavailable, "this node does not look at alert rules")
	}
	round, err := s.o.Alerts.Try(ctx, c.Now, &r)
	if err != nil {
		return api.AlertTested{}, err
	}
	out := api.AlertTested{Says: r.Condition(), Beyond: len(round.Found) > 0, Found: []api.AlertFinding{}, Channels: s.alertRuleOf(&r).Reaches}
	if m, _ := alert.MetricOf(r.Metric); m.Class != alert.OfJob {
		out.Value = &round.Value
	}
	for i := range round.Found[:min(len(round.Found), shownFindings)] {
		f := &round.Found[i]
		out.Found = append(out.Found, api.AlertFinding{JobID: f.JobID, JobName: f.JobName, PlatformID: platformID(f.Platform), Value: f.Value, Summary: f.Summary})
	}
	return out, nil
}

// alertRuleOf is a rule as the API shows it.
func (s *Service) alertRuleOf(r *alert.Rule) api.AlertRule {
	reaches := []string{}
	if has(r.Channels, alert.Dashboard) {
		reaches = append(reaches, alert.Dashboard)
	}
	if s.o.Alerts.Reach != nil {
		reaches = append(reaches, s.o.Alerts.Reach(r.Platform, r.Channels)...)
	}
	return api.AlertRule{
		ID: r.ID.String(), Name: r.Name, Description: r.Description, Enabled: r.Enabled, Severity: string(r.Severity),
		Condition: api.AlertCondition{Metric: r.Metric, Operator: string(r.Operator), Value: r.Value, DurationMS: r.DurationMS}, Says: r.Condition(),
		Channels: append([]string{}, r.Channels...), Reaches: reaches, PlatformID: platformID(r.Platform),
		Revision: r.Revision, CreatedBy: r.CreatedBy, UpdatedBy: r.UpdatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// alertRuleAttrs name an alert rule in the log.
func alertRuleAttrs(r *alert.Rule) []slog.Attr {
	return []slog.Attr{slog.String("alert_rule", r.Name), slog.String("alert_rule_id", r.ID.String()), slog.String("platform", r.Platform)}
}
