package notifications

// BeforeSend has fn called between the last look at an alert and the sending of its push. Set it before anything rings.
func (s *Service) BeforeSend(fn func()) { s.beforeSend = fn }
